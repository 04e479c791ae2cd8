// SPDX-License-Identifier: Apache-2.0

package btfview

import (
	"errors"
	"fmt"

	"github.com/cilium/ebpf/btf"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/core"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/typeinfo"
)

// ErrNeedsIDs says that an object asks for ids of the kernel's types, which only the kernel's own
// types have.
var ErrNeedsIDs = errors.New("asks for the id of a kernel's type, which fewer types do not have: " +
	"relocate it against all")

// ErrNotTheSame says that fewer types would not do: they have several of one name, of which only
// what chose among all of them can tell which is meant.
var ErrNotTheSame = errors.New("fewer types would not give it the same number, as they have several of one name: " +
	"choose one, or relocate it against all")

// Min returns the least types that objects relocate against to the same numbers as against all
// sources: whole BTF with the structs that they ask for, in their sizes, and of those the members
// that they ask for. Every candidate that has what is asked for is kept, so that what is ambiguous
// stays so. An object whose relocations are refused has none.
func (s *Sources) Min(objects []string) ([]byte, error) {
	m := &minimum{nodes: make(map[place]*node)}
	var asked []askedFor
	for _, path := range objects {
		o, err := openObject(path)
		if err != nil {
			return nil, err
		}
		r, err := s.resolver(o.types)
		if err != nil {
			return nil, choiceError(path, err)
		}
		for _, f := range o.functions() {
			explained := r.Explain(f.relos)
			asked = append(asked, askedFor{path, o, f.relos, explained})
			for i, e := range explained {
				rel := &f.relos[i]
				if e.Err != nil {
					return nil, fmt.Errorf("%s: %s: %w", path, rel.Expression(o.types), e.Err)
				}
				if rel.Kind == core.TypeIDTarget && e.Chosen != nil {
					return nil, fmt.Errorf("%s: %s: %w", path, rel.Expression(o.types), ErrNeedsIDs)
				}
				for _, c := range e.Candidates {
					if err := m.add(rel.Kind, &c); err != nil {
						return nil, fmt.Errorf("%s: %s: %v: %w", path, rel.Expression(o.types),
							&c.Candidate, err)
					}
				}
			}
		}
	}
	raw, err := m.write(s.given[0].Types)
	if err != nil {
		return nil, err
	}
	return raw, checkSame(raw, asked)
}

// An askedFor holds what became of the relocations of one function.
type askedFor struct {
	path   string
	object *object
	relos  []core.Relocation
	became []core.Explanation
}

// checkSame relocates against fewer types, and refuses those that give another number.
func checkSame(raw []byte, asked []askedFor) error {
	types, err := typeinfo.ParseWhole(raw)
	if err != nil {
		return err
	}
	fewer := Sources{given: []core.Source{{Name: "the fewer types", Types: types}}}
	for _, a := range asked {
		r, err := fewer.resolver(a.object.types)
		if err != nil {
			return err
		}
		for i, is := range r.Explain(a.relos) {
			was := &a.became[i]
			if is.Err != nil || is.Value != was.Value || is.Poisoned != was.Poisoned {
				return fmt.Errorf("%s: %s: %w", a.path, a.relos[i].Expression(a.object.types), ErrNotTheSame)
			}
		}
	}
	return nil
}

// A place names a type in one source.
type place struct {
	types *typeinfo.Types
	id    btf.TypeID
}

// An extent says how much of what a type consists of is kept with it.
type extent int

const (
	alone  extent = iota
	sized         // what it holds; of structs only the size, of pointers nothing: no field asks for more
	named         // what pointers lead to as well, structs by their names
	entire        // all members, and what they refer to
)

// A node keeps a type.
type node struct {
	place
	id      uint32       // in what is written
	members map[int]bool // of a struct or union, that are kept
	values  bool         // all members, or all values of an enum
	extent  extent
}

// A minimum collects types.
type minimum struct {
	nodes map[place]*node
	order []*node
}

// node returns the node of a type, and adds it.
func (m *minimum) node(t *typeinfo.Types, id btf.TypeID) *node {
	p := place{t, id}
	if n := m.nodes[p]; n != nil {
		return n
	}
	n := &node{place: p, id: uint32(len(m.order) + 1), members: make(map[int]bool)}
	m.nodes[p] = n
	m.order = append(m.order, n)
	return n
}

// add keeps what a relocation asks of a candidate.
func (m *minimum) add(k core.Kind, c *core.Tried) error {
	t := c.Source.Types
	if !c.Fits {
		return nil
	}
	field, _, value := k.About()
	extent := named
	switch {
	case k == core.TypeMatches:
		extent = entire
	case field:
		extent = sized
	}
	if err := m.keep(t, c.ID, extent, mostParts); err != nil {
		return err
	}
	switch {
	case value:
		m.node(t, c.Way[0].Owner).values = true
		return nil
	case !field:
		return nil
	}
	at, _, err := t.Plain(c.ID)
	if err != nil {
		return err
	}
	for i, hop := range c.Way {
		if i > 0 {
			if at, err = m.hop(t, at, hop); err != nil {
				return err
			}
		}
		if err := m.keep(t, at, sized, mostParts); err != nil {
			return err
		}
	}
	return nil
}

// hop keeps a member, with the anonymous ones around it, and returns the type behind it.
func (m *minimum) hop(t *typeinfo.Types, at btf.TypeID, hop core.Hop) (btf.TypeID, error) {
	id, r, err := t.Plain(at)
	if err != nil {
		return 0, err
	}
	if hop.Name == "" {
		elem, _ := t.Element(&r)
		return elem, nil
	}
	for id != hop.Owner {
		next := btf.TypeID(0)
		for i := range r.Vlen {
			member, err := t.Member(&r, i)
			if err != nil {
				return 0, err
			}
			if member.Name == "" && leads(t, member.Type, hop.Owner, mostParts) {
				m.node(t, id).members[i] = true
				next = member.Type
				break
			}
		}
		if next == 0 {
			return 0, fmt.Errorf("no way to %s", hop.Name)
		}
		if err := m.keep(t, next, sized, mostParts); err != nil {
			return 0, err
		}
		if id, r, err = t.Plain(next); err != nil {
			return 0, err
		}
	}
	m.node(t, id).members[int(hop.Index)] = true
	member, err := t.Member(&r, int(hop.Index))
	return member.Type, err
}

// leads reports whether a type is another, or has it in its anonymous members.
func leads(t *typeinfo.Types, from, to btf.TypeID, depth int) bool {
	id, r, err := t.Plain(from)
	if err != nil || depth == 0 {
		return false
	}
	if id == to {
		return true
	}
	if r.Kind != typeinfo.KindStruct && r.Kind != typeinfo.KindUnion {
		return false
	}
	for i := range r.Vlen {
		member, err := t.Member(&r, i)
		if err == nil && member.Name == "" && leads(t, member.Type, to, depth-1) {
			return true
		}
	}
	return false
}

// keep keeps a type, and so much of what it consists of. Structs behind pointers are kept by name
// at most, as no comparison looks further.
func (m *minimum) keep(t *typeinfo.Types, id btf.TypeID, extent extent, depth int) error {
	if depth == 0 || id == 0 {
		return nil
	}
	r, err := t.Type(id)
	if err != nil {
		return err
	}
	n := m.node(t, id)
	if n.extent >= extent {
		return nil
	}
	n.extent, n.values = extent, n.values || extent == entire
	rest := func(ids ...btf.TypeID) error {
		for _, id := range ids {
			if err := m.keep(t, id, extent, depth-1); err != nil {
				return err
			}
		}
		return nil
	}
	switch r.Kind {
	case typeinfo.KindTypedef, typeinfo.KindVolatile, typeinfo.KindConst, typeinfo.KindRestrict,
		typeinfo.KindTypeTag:
		return rest(r.Target())
	case typeinfo.KindPtr:
		if extent == sized {
			return nil
		}
		target, behind, err := t.Plain(r.Target())
		if err != nil {
			return err
		}
		if behind.Kind == typeinfo.KindStruct || behind.Kind == typeinfo.KindUnion {
			return m.keepName(t, r.Target(), target)
		}
		return rest(r.Target())
	case typeinfo.KindArray:
		elem, _ := t.Element(&r)
		return rest(elem, index(t, &r))
	case typeinfo.KindFuncProto:
		for i := range r.Vlen {
			if err := rest(t.Parameter(&r, i)); err != nil {
				return err
			}
		}
		return rest(r.Target())
	case typeinfo.KindEnum, typeinfo.KindEnum64:
		return nil
	case typeinfo.KindStruct, typeinfo.KindUnion:
		for i := 0; extent == entire && i < r.Vlen; i++ {
			member, err := t.Member(&r, i)
			if err != nil {
				return err
			}
			if err := rest(member.Type); err != nil {
				return err
			}
		}
	}
	return nil
}

// keepName keeps a struct behind a pointer, and the names and qualifiers on the way to it.
func (m *minimum) keepName(t *typeinfo.Types, id, target btf.TypeID) error {
	for id != target {
		m.node(t, id)
		r, err := t.Type(id)
		if err != nil {
			return err
		}
		id = r.Target()
	}
	m.node(t, target)
	return nil
}

// index returns the type that counts an array's elements.
func index(t *typeinfo.Types, array *typeinfo.Record) btf.TypeID {
	return btf.TypeID(t.Word(array.Data[4:]))
}

// write returns the types as BTF. Where the kernel's pointers are not as large as those of objects,
// which loaders take them to be, its long is among them, which says so.
func (m *minimum) write(kernel *typeinfo.Types) ([]byte, error) {
	if long := kernel.Long(); long != 0 && kernel.PointerSize() != typeinfo.PointerSize {
		m.node(kernel, long)
	}
	if len(m.order) == 0 { // no loader reads types that are none
		if err := m.keep(kernel, 1, sized, mostParts); err != nil {
			return nil, err
		}
	}
	w := typeinfo.NewSubset(kernel)
	for _, n := range m.order {
		err := w.Add(n.types, n.place.id, func(member int) bool { return n.values || n.members[member] },
			n.values, func(id btf.TypeID) uint32 { return m.idOf(n.types, id) })
		if err != nil {
			return nil, err
		}
	}
	return w.Bytes(), nil
}

// idOf returns the id that a type has in what is written: 0, void, for one that is not kept, which
// only pointers refer to.
func (m *minimum) idOf(t *typeinfo.Types, id btf.TypeID) uint32 {
	if n := m.nodes[place{t, id}]; n != nil {
		return n.id
	}
	return 0
}

// Kept returns how many types are kept of how many there are.
func Kept(raw []byte, s *Sources) (kept, all uint32, err error) {
	t, err := typeinfo.ParseWhole(raw)
	if err != nil {
		return 0, 0, err
	}
	for _, p := range s.Parts() {
		all += p.Types
	}
	return t.Own(), all, nil
}
