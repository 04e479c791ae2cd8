// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/cilium/ebpf"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/mapdef"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/typeinfo"
)

// A StructOps stands for a structure of an object that the kernel calls, before the object is
// loaded: a variable in section .struct_ops or .struct_ops.link. It is a map too, of that name
// ([Object.Map]): the map holds the structure in the kernel, can be left out, and can be pinned.
//
// [Object.Load] lays the structure out as this kernel has it, and loads its programs; nothing calls
// them before [Loaded.Register].
type StructOps struct {
	object *Object
	name   string
	in     *Map  // nil with err
	err    error // why there is no such structure
}

// StructOps returns the structure of that name. If the object has none, what is returned says so
// when it is used.
//
//	err := object.StructOps("reno").Set("flags", uint32(2))
func (o *Object) StructOps(name string) *StructOps {
	s := &StructOps{object: o, name: name}
	var names []string
	for _, m := range o.maps {
		if m.def.StructOps == nil {
			continue
		}
		if m.def.Name == name {
			s.in = m
		}
		names = append(names, m.def.Name)
	}
	if s.in == nil {
		s.err = fmt.Errorf("structures are %s: %w", listed(names), refuse.ErrName)
	}
	return s
}

// Type returns the name of the kernel's struct, such as tcp_congestion_ops; "" if the object has no
// such structure.
func (s *StructOps) Type() string {
	if s.in == nil {
		return ""
	}
	return s.in.def.StructOps.Name
}

// Linked reports whether a link registers the structure (section .struct_ops.link), rather than an
// update of its map.
func (s *StructOps) Linked() bool { return s.in != nil && s.in.def.Linked() }

// Program returns the program in a member, nil for none.
func (s *StructOps) Program(member string) *Program {
	if s.in == nil {
		return nil
	}
	for _, f := range s.in.functions() {
		if f.Member == member {
			return s.object.Program(f.Program)
		}
	}
	return nil
}

// Set changes what a member of the structure holds when it is registered. A pointer to a function
// takes a [*Program] of the same object, or nil for none; a program that is then in no structure is
// not loaded. Other members take what [Variable.Set] takes for their types, and an array of char
// takes a string that leaves room for the zero byte at its end. A member has to be one of the
// object's own struct, whatever the kernel's has.
//
// The error is of [ClassNotFound] if there is no such structure, member or program, and of
// [ClassInvalid] if the value is of another type or size, or the object was loaded already.
func (s *StructOps) Set(member string, value any) error {
	return s.object.change(s.name, func() error {
		m, err := s.member(member)
		if err != nil {
			return err
		}
		function, err := s.object.types.IsFunctionPointer(m.Type)
		switch {
		case err != nil:
			return err
		case function:
			return s.setFunction(member, value)
		case m.Width != 0:
			return fmt.Errorf("member %s: bitfields cannot be set: %w", member, refuse.ErrValue)
		}
		if err := s.setValue(m, value); err != nil {
			return fmt.Errorf("member %s: %w", member, err)
		}
		return nil
	})
}

// member finds a member of the object's struct.
func (s *StructOps) member(name string) (typeinfo.Member, error) {
	if s.err != nil {
		return typeinfo.Member{}, s.err
	}
	m, found, err := s.object.types.MemberNamed(s.in.def.StructOps.Type, name)
	if err != nil || found && name != "" {
		return m, err
	}
	names, err := s.object.types.MemberNames(s.in.def.StructOps.Type)
	if err != nil {
		return m, err
	}
	return m, fmt.Errorf("struct %s has no member %s, but %s: %w", s.Type(), name, listed(names),
		refuse.ErrName)
}

// setFunction puts a program into a member, or empties it.
func (s *StructOps) setFunction(member string, value any) error {
	p, ok := value.(*Program)
	switch {
	case value == nil:
		p = nil
	case !ok:
		return fmt.Errorf("member %s is a function, and takes a program: %w", member,
			refuse.ErrValue)
	case p != nil && p.object != s.object:
		return fmt.Errorf("member %s: program %s is another object's: %w", member, p.name,
			refuse.ErrName)
	case p != nil && p.kind.Type != ebpf.StructOps:
		return fmt.Errorf("member %s: %s: %w", member, p.name, refuse.ErrNoFunction)
	}
	list := slices.DeleteFunc(slices.Clone(s.in.functions()),
		func(f mapdef.FunctionMember) bool {
			if f.Member == member {
				s.in.tookOut(f.Program)
			}
			return f.Member == member
		})
	if p != nil {
		list = append(list, mapdef.FunctionMember{Member: member, Program: p.name})
	}
	own := *s.in.def.StructOps
	own.Functions = list
	s.in.def.StructOps = &own
	return nil
}

// setValue writes what is no function.
func (s *StructOps) setValue(m typeinfo.Member, value any) error {
	size, err := s.object.types.SizeOf(m.Type)
	if err != nil {
		return err
	}
	part := make([]byte, size)
	if text, ok := value.(string); ok {
		if len(text) >= len(part) || strings.IndexByte(text, 0) >= 0 {
			return fmt.Errorf("text of %d bytes for %d with a zero byte at the end: %w", len(text),
				len(part), refuse.ErrValue)
		}
		copy(part, text)
		value = part
	}
	in := s.in
	if !in.ownValue {
		in.value, in.ownValue = bytes.Clone(in.structValue()), true
	}
	at := in.value[m.Offset/8:]
	if err := s.object.types.Encode(part, m.Type, value); err != nil {
		return err
	}
	copy(at, part)
	return nil
}

// functions returns the programs in a structure's members.
func (m *Map) functions() []mapdef.FunctionMember {
	if m.def.StructOps == nil {
		return nil
	}
	return m.def.StructOps.Functions
}

// structValue returns the value of a structure, as the object has it, with the changes that were
// made.
func (m *Map) structValue() []byte {
	if m.ownValue {
		return m.value
	}
	return m.def.Raw
}

// tookOut leaves a program out that was taken out of a structure, unless it was asked for.
func (m *Map) tookOut(program string) {
	if p := m.object.Program(program); p != nil {
		p.takenOut = true
	}
}

// willLoad reports whether a load of the object loads the program. A program of a structure goes
// with the structure: it is loaded if the load makes one that it is in, and is left out if it makes
// none of those (libbpf, bpf_object_adjust_struct_ops_autoload).
func (p *Program) willLoad() bool {
	if p.kind.Type != ebpf.StructOps || p.autoloadSet {
		return p.autoload
	}
	inAny := false
	for _, m := range p.object.maps {
		for _, f := range m.functions() {
			if f.Program != p.name {
				continue
			}
			if inAny = true; m.makesStruct() {
				return true
			}
		}
	}
	return p.autoload && !inAny && !p.takenOut
}

// makesStruct reports whether a load makes a map's structure: it is neither left out nor given.
func (m *Map) makesStruct() bool {
	return m.def.StructOps != nil && m.create && m.existing == nil
}
