// SPDX-License-Identifier: Apache-2.0

package btfview

import (
	"errors"
	"fmt"
	"strings"

	"github.com/cilium/ebpf/btf"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/core"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/typeinfo"
)

// ErrNoType says that no source has a type of the name.
var ErrNoType = errors.New("no type of that name")

// A Layout describes a type as one source has it.
type Layout struct {
	Source  string   `json:"source"` // vmlinux, "module NAME", or the path of a file
	ID      uint32   `json:"id"`
	Kind    string   `json:"kind"`             // struct, union, enum, typedef, int, float, ...
	Name    string   `json:"name"`             // with its flavor
	Size    *uint32  `json:"size,omitempty"`   // bytes; none for what has no size
	Target  string   `json:"target,omitempty"` // of a typedef, as C
	Members []Member `json:"members,omitempty"`
	Values  []Value  `json:"values,omitempty"`
}

// A Member describes a field of a struct or union. Those of anonymous members stand in their place,
// with names as C reaches them.
type Member struct {
	Name   string `json:"name"`
	C      string `json:"c"`              // its declaration
	Offset uint64 `json:"offset_bits"`    // in the whole type
	Width  uint32 `json:"bits,omitempty"` // of a bitfield
	Size   uint32 `json:"size"`           // bytes
}

// A Value has one name of an enum.
type Value struct {
	Name  string `json:"name"`
	Value int64  `json:"value"` // as a number with a sign
}

// Show returns a type as each source has it. The name may have the word struct, union or enum
// before it, which then counts; flavors do not. What the given sources have is not looked for in
// modules.
func (s *Sources) Show(name string) ([]Layout, error) {
	word, rest, two := strings.Cut(strings.TrimSpace(name), " ")
	if !two {
		word, rest = "", word
	}
	layouts, err := show(s.given, word, strings.TrimSpace(rest))
	if err != nil || len(layouts) > 0 {
		return layouts, err
	}
	modules, unread := s.moduleTypes()
	layouts, err = show(modules, word, strings.TrimSpace(rest))
	if err != nil || len(layouts) > 0 {
		return layouts, err
	}
	if unread != nil {
		return nil, unread
	}
	return nil, fmt.Errorf("%s: %w", name, ErrNoType)
}

func show(sources []core.Source, word, name string) ([]Layout, error) {
	var layouts []Layout
	for _, source := range sources {
		for _, id := range source.Types.Named(typeinfo.NameOf(name)) {
			r, err := source.Types.Type(id)
			if err != nil {
				return nil, err
			}
			if word != "" && r.Kind.String() != word {
				continue
			}
			l, err := layoutOf(source, id, &r)
			if err != nil {
				return nil, fmt.Errorf("%s of %s: %w", r.Name, source.Name, err)
			}
			layouts = append(layouts, l)
		}
	}
	return layouts, nil
}

// layoutOf describes a type.
func layoutOf(source core.Source, id btf.TypeID, r *typeinfo.Record) (Layout, error) {
	t := source.Types
	l := Layout{Source: source.Name, ID: uint32(id), Kind: r.Kind.String(), Name: r.Name}
	if size, err := t.SizeInKernel(id); err == nil {
		l.Size = &size
	}
	var err error
	switch r.Kind {
	case typeinfo.KindTypedef:
		l.Target = declare(t, r.Target(), "", mostParts)
	case typeinfo.KindStruct, typeinfo.KindUnion:
		l.Members, err = membersOf(t, r, 0, mostParts)
	case typeinfo.KindEnum, typeinfo.KindEnum64:
		for i := range r.Vlen {
			name, value, err := t.Enumerator(r, i)
			if err != nil {
				return Layout{}, err
			}
			l.Values = append(l.Values, Value{name, int64(value)})
		}
	}
	return l, err
}

// membersOf lists members, those of anonymous ones in their places.
func membersOf(t *typeinfo.Types, r *typeinfo.Record, at uint64, depth int) ([]Member, error) {
	if depth == 0 {
		return nil, fmt.Errorf("anonymous members more than %d deep", mostParts)
	}
	var list []Member
	for i := range r.Vlen {
		m, err := t.Member(r, i)
		if err != nil {
			return nil, err
		}
		_, inner, err := t.Plain(m.Type)
		if err != nil {
			return nil, err
		}
		offset := at + uint64(m.Offset)
		if m.Name == "" && (inner.Kind == typeinfo.KindStruct || inner.Kind == typeinfo.KindUnion) {
			more, err := membersOf(t, &inner, offset, depth-1)
			if err != nil {
				return nil, err
			}
			list = append(list, more...)
			continue
		}
		size, err := t.SizeInKernel(m.Type)
		if err != nil {
			return nil, fmt.Errorf("member %s: %w", m.Name, err)
		}
		c := declare(t, m.Type, m.Name, mostParts)
		if m.Width != 0 {
			c = fmt.Sprintf("%s:%d", c, m.Width)
		}
		list = append(list, Member{Name: m.Name, C: c, Offset: offset, Width: m.Width, Size: size})
	}
	return list, nil
}
