// SPDX-License-Identifier: Apache-2.0

package reference

import (
	"errors"
	"fmt"
	"math"

	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/loaderimpl"
)

// set changes a map or program of an object that is open.
func (s *session) set(q loader.Set) loader.Reply {
	var err error
	switch m, p := s.object.Map(q.Name), s.object.Program(q.Name); {
	case q.Target == "map" && m != nil:
		err = setMap(m, q.Attr, q.Value)
	case q.Target == "program" && p != nil:
		err = setProgram(p, q.Attr, q.Value)
	default:
		return &loader.Rejected{Stage: loader.AtOpen, Class: loader.NotFound, Message: fmt.Sprintf("no %s %s", q.Target, q.Name)}
	}
	switch {
	case errors.Is(err, errAttribute):
		return &loader.Unsupported{Feature: loader.Feature("set/" + string(q.Attr)), Reason: err.Error()}
	case errors.Is(err, errValue):
		return &loader.Rejected{Stage: loader.AtOpen, Class: loader.Invalid, Message: err.Error()}
	}
	return done(err)
}

var (
	errAttribute = errors.New("no such attribute")
	errValue     = errors.New("value is of the wrong kind")
)

func setMap(m *loaderimpl.Map, attr loader.Attribute, value any) error {
	switch attr {
	case loader.MaxEntries:
		return withNumber(value, m.SetMaxEntries)
	case loader.MapFlags:
		return withNumber(value, m.SetFlags)
	case loader.NumaNode:
		return withNumber(value, m.SetNumaNode)
	case loader.PinPath:
		return with(value, m.SetPinPath)
	case loader.AutoCreate:
		return with(value, m.SetAutocreate)
	}
	return fmt.Errorf("%s of a map: %w", attr, errAttribute)
}

func setProgram(p *loaderimpl.Program, attr loader.Attribute, value any) error {
	switch attr {
	case loader.AutoLoad:
		return with(value, p.SetAutoload)
	case loader.ProgramType:
		return with(value, func(section string) error {
			kind, ok := loaderimpl.KindOf(section)
			if !ok {
				return fmt.Errorf("%q names no type of program: %w", section, errValue)
			}
			return p.SetKind(kind)
		})
	}
	return fmt.Errorf("%s of a program: %w", attr, errAttribute)
}

// with hands a value of the right kind on.
func with[T any](value any, set func(T) error) error {
	v, ok := value.(T)
	if !ok {
		return fmt.Errorf("%v (%T): %w", value, value, errValue)
	}
	return set(v)
}

// withNumber hands a number of 32 bits on. Over the wire numbers are float64, linked in they are what the suite's Go code says.
func withNumber(value any, set func(uint32) error) error {
	var n float64
	switch v := value.(type) {
	case float64:
		n = v
	case int:
		n = float64(v)
	case uint32:
		n = float64(v)
	default:
		return fmt.Errorf("%v (%T): %w", value, value, errValue)
	}
	if n < 0 || n > math.MaxUint32 || n != math.Trunc(n) {
		return fmt.Errorf("%v is no number of 32 bits: %w", value, errValue)
	}
	return set(uint32(n))
}
