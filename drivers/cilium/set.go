// SPDX-License-Identifier: Apache-2.0

package cilium

import (
	"encoding/hex"
	"fmt"
	"reflect"
	"slices"

	"github.com/cilium/ebpf"

	"github.com/loadstone-bpf/loadstone/loader"
)

func (s *session) set(r loader.Set) loader.Reply {
	switch {
	case s.loaded != nil:
		return &loader.Rejected{Stage: loader.AtLoad, Class: loader.Busy,
			Message: "changing a spec that is loaded has no effect"}
	case r.Target == "map" && s.spec.Maps[r.Name] != nil:
		return s.setMap(s.spec.Maps[r.Name], r)
	case r.Target == "variable" && s.spec.Variables[r.Name] != nil && r.Attr == loader.InitialValue:
		return withBytes(r, func(b []byte) error { return s.spec.Variables[r.Name].Set(b) })
	case r.Target == "struct_ops":
		return &loader.Unsupported{Feature: "struct_ops",
			Reason: "MapSpec.Contents holds the bytes of the object's structure; it has no members"}
	case r.Target == "program" && s.spec.Programs[r.Name] != nil && r.Attr == loader.AutoLoad:
		return leaveOut(s.spec.Programs, r)
	case r.Target == "program" && s.spec.Programs[r.Name] != nil:
		return &loader.Unsupported{Feature: loader.Feature(r.Attr)}
	}
	return missing(loader.AtOpen, r.Target, r.Name)
}

func (s *session) setMap(spec *ebpf.MapSpec, r loader.Set) loader.Reply {
	switch r.Attr {
	case loader.MaxEntries:
		return setNumber(&spec.MaxEntries, r)
	case loader.MapFlags:
		return setNumber(&spec.Flags, r)
	case loader.NumaNode:
		return setNumber(&spec.NumaNode, r)
	case loader.MapExtra:
		return setMapExtra(spec, r)
	case loader.Contents:
		return &loader.Unsupported{Feature: loader.Feature(r.Attr),
			Reason: "what CollectionSpec.Variables hold is put over MapSpec.Contents"}
	case loader.Reuse, loader.InnerMap:
		return s.setByPin(spec, r)
	case loader.AutoCreate:
		return leaveOut(s.spec.Maps, r)
	}
	return &loader.Unsupported{Feature: loader.Feature(r.Attr)}
}

func setNumber(field *uint32, r loader.Set) loader.Reply {
	value, ok := r.Uint32()
	if !ok {
		return noNumber(r)
	}
	*field = value
	return &loader.OK{}
}

// withBytes hands on the bytes that a request gives as hexadecimal digits.
func withBytes(r loader.Set, set func([]byte) error) loader.Reply {
	digits, ok := r.Value.(string)
	b, err := hex.DecodeString(digits)
	if !ok || err != nil {
		message := fmt.Sprintf("%s is %v, want hexadecimal digits", r.Attr, r.Value)
		return &loader.Error{Message: message}
	}
	return done(loader.AtOpen, set(b))
}

func noNumber(r loader.Set) loader.Reply {
	message := fmt.Sprintf("%s is %v, want a number of 32 bits", r.Attr, r.Value)
	return &loader.Error{Message: message}
}

// setMapExtra sets a field that versions before 0.20 do not have, and that this package, which is
// compiled with each of them, cannot name.
func setMapExtra(spec *ebpf.MapSpec, r loader.Set) loader.Reply {
	value, ok := r.Uint32()
	if !ok {
		return noNumber(r)
	}
	if !putMapExtra(spec, uint64(value)) {
		return noMapExtra()
	}
	return &loader.OK{}
}

// putMapExtra reports whether the library has a field for it.
func putMapExtra(spec *ebpf.MapSpec, value uint64) bool {
	field := reflect.ValueOf(spec).Elem().FieldByName("MapExtra")
	if field.IsValid() {
		field.SetUint(value)
	}
	return field.IsValid()
}

func noMapExtra() loader.Reply {
	return &loader.Unsupported{Feature: loader.Feature(loader.MapExtra),
		Reason: "MapSpec.MapExtra came with 0.20"}
}

// setByPin takes a pinned map, or its likeness as that of the elements of a map of maps.
func (s *session) setByPin(spec *ebpf.MapSpec, r loader.Set) loader.Reply {
	path, ok := r.Value.(string)
	if !ok {
		return &loader.Error{Message: fmt.Sprintf("%s is %v, want a path", r.Attr, r.Value)}
	}
	pinned, err := ebpf.LoadPinnedMap(path, nil)
	if err != nil {
		return refusal(loader.AtPin, err)
	}
	if r.Attr == loader.InnerMap {
		spec.InnerMap = likeness(pinned)
		return done(loader.AtPin, pinned.Close())
	}
	if old := s.reused[r.Name]; old != nil {
		err = old.Close()
	}
	s.reused[r.Name] = pinned
	return done(loader.AtPin, err)
}

// likeness returns the definition of a map. The library does not take a map itself as the likeness
// of another's elements.
func likeness(m *ebpf.Map) *ebpf.MapSpec {
	return &ebpf.MapSpec{Type: m.Type(), KeySize: m.KeySize(), ValueSize: m.ValueSize(),
		MaxEntries: m.MaxEntries(), Flags: m.Flags()}
}

// leaveOut leaves a map or program out as a user of the library does: by deleting it from the spec.
func leaveOut[T any](specs map[string]T, r loader.Set) loader.Reply {
	keep, ok := r.Value.(bool)
	if !ok {
		return &loader.Error{Message: fmt.Sprintf("%s is %v, want true or false", r.Attr, r.Value)}
	}
	if !keep {
		delete(specs, r.Name)
	}
	return &loader.OK{}
}

// cannotFollow names the feature of an option that the library cannot be given.
func (l *library) cannotFollow(o loader.OpenOptions) (loader.Feature, bool) {
	switch {
	case o.IgnoreUnknownFields:
		return loader.IgnoreUnknown, true
	case o.MapLayout == loader.IPRoute2Layout, o.PinMount != "", o.PinSubdir != "",
		len(o.PinIDs) > 0:
		return loader.Iproute2Maps, true
	case o.MapLayout != "" && o.MapLayout != loader.LegacyLayout:
		return "map_layout", true
	case o.Kconfig != "":
		return "kconfig", true
	case o.TokenPath != "":
		return loader.BPFToken, true
	case len(o.ExtraTypes) > 0 && l.newer.ExtraTypes == nil:
		return loader.SplitBTF, true
	case slices.ContainsFunc(o.Handlers, ofMaps):
		return loader.CallbackMaps, true
	case len(o.Handlers) > 0:
		return loader.ProgramHandlers, true
	}
	return "", false
}

func ofMaps(h loader.Handler) bool {
	return h == loader.MapSectionHandler || h == loader.MapFieldHandler
}
