// SPDX-License-Identifier: Apache-2.0

package reference

import (
	"encoding/hex"
	"errors"
	"fmt"
	"math"

	"github.com/cilium/ebpf"

	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/loaderimpl"
)

// set changes a map or program of an object that is open.
func (s *session) set(q loader.Set) loader.Reply {
	var err error
	switch m, p := s.object.Map(q.Name), s.object.Program(q.Name); {
	case q.Target == "struct_ops":
		err = s.setMember(q)
	case q.Target == "variable":
		err = s.setVariable(q)
	case q.Target == "map" && m != nil:
		err = s.setMap(m, q.Attr, q.Value)
	case q.Target == "program" && p != nil:
		err = setProgram(p, q.Attr, q.Value)
	default:
		return &loader.Rejected{Stage: loader.AtOpen, Class: loader.NotFound,
			Message: fmt.Sprintf("no %s %s", q.Target, q.Name)}
	}
	switch {
	case errors.Is(err, errAttribute):
		return &loader.Unsupported{Feature: loader.Feature("set/" + string(q.Attr)),
			Reason: err.Error()}
	case errors.Is(err, errValue):
		return &loader.Rejected{Stage: loader.AtOpen, Class: loader.Invalid, Message: err.Error()}
	}
	return reply(err)
}

var (
	errAttribute = errors.New("no such attribute")
	errValue     = errors.New("value is of the wrong kind")
)

// numbers change the attributes of a map that are numbers of 32 bits.
var numbers = map[loader.Attribute]func(a *loaderimpl.Attributes, n uint32){
	loader.MapType:    func(a *loaderimpl.Attributes, n uint32) { a.Type = ebpf.MapType(n) },
	loader.KeySize:    func(a *loaderimpl.Attributes, n uint32) { a.KeySize = n },
	loader.ValueSize:  func(a *loaderimpl.Attributes, n uint32) { a.ValueSize = n },
	loader.MaxEntries: func(a *loaderimpl.Attributes, n uint32) { a.MaxEntries = n },
	loader.MapFlags:   func(a *loaderimpl.Attributes, n uint32) { a.Flags = n },
	loader.NumaNode:   (*loaderimpl.Attributes).SetNumaNode,
}

func (s *session) setMap(m *loaderimpl.Map, attr loader.Attribute, value any) error {
	if change, ok := numbers[attr]; ok {
		return withNumber(value, func(n uint32) error {
			return m.Change(func(a *loaderimpl.Attributes) { change(a, n) })
		})
	}
	switch attr {
	case loader.MapExtra:
		return withNumber64(value, func(n uint64) error {
			return m.Change(func(a *loaderimpl.Attributes) { a.MapExtra = n })
		})
	case loader.PinPath:
		return with(value, func(path string) error { return m.SetPin(path, loaderimpl.PinShare) })
	case loader.Reuse:
		return with(value, func(path string) error { return s.give(path, m.UseMap) })
	case loader.InnerMap:
		return with(value, func(path string) error { return s.give(path, m.SetInnerMap) })
	case loader.AutoCreate:
		return with(value, m.SetAutocreate)
	case loader.Contents:
		return withBytes(value, m.SetInitialValue)
	}
	return fmt.Errorf("%s of a map: %w", attr, errAttribute)
}

// setVariable gives a variable another value, byte by byte.
func (s *session) setVariable(q loader.Set) error {
	if q.Attr != loader.InitialValue {
		return fmt.Errorf("%s of a variable: %w", q.Attr, errAttribute)
	}
	return withBytes(q.Value, func(b []byte) error { return s.object.Variable(q.Name).Set(b) })
}

// give hands on the map that is pinned at a path.
func (s *session) give(path string, to func(*ebpf.Map) error) error {
	m, err := loaderimpl.OpenPin(path)
	if err != nil {
		return err
	}
	s.given = append(s.given, m)
	return to(m)
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

// withBytes hands on the bytes that hexadecimal digits stand for.
func withBytes(value any, set func([]byte) error) error {
	return with(value, func(digits string) error {
		b, err := hex.DecodeString(digits)
		if err != nil {
			return fmt.Errorf("%w: %w", errValue, err)
		}
		return set(b)
	})
}

// withNumber hands a number of 32 bits on.
func withNumber(value any, set func(uint32) error) error {
	return withNumber64(value, func(n uint64) error {
		if n > math.MaxUint32 {
			return fmt.Errorf("%d is no number of 32 bits: %w", n, errValue)
		}
		return set(uint32(n))
	})
}

// withNumber64 hands a number on. Over the wire numbers are float64, which is exact up to 53 bits;
// linked in they are what the suite's Go code says.
func withNumber64(value any, set func(uint64) error) error {
	const exact = 1 << 53
	switch v := value.(type) {
	case float64:
		if v < 0 || v > exact || v != math.Trunc(v) {
			return fmt.Errorf("%v is no number, or not exact: %w", v, errValue)
		}
		return set(uint64(v))
	case int:
		if v < 0 {
			return fmt.Errorf("%d: %w", v, errValue)
		}
		return set(uint64(v))
	case uint32:
		return set(uint64(v))
	case uint64:
		return set(v)
	}
	return fmt.Errorf("%v (%T): %w", value, value, errValue)
}
