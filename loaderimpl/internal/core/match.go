// SPDX-License-Identifier: Apache-2.0

package core

import (
	"fmt"

	"github.com/cilium/ebpf/btf"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/typeinfo"
)

// mostSteps bounds what is looked at to compare two types. Types of a kernel take a few hundred
// steps; BTF that is made for it could have so many ways through its members that no machine ends
// them.
const mostSteps = 1 << 18

// A matcher compares types of an object with types of the kernel.
type matcher struct {
	local, target *typeinfo.Types
	left          int // steps
}

// step counts one.
func (m *matcher) step() error {
	if m.left--; m.left < 0 {
		return fmt.Errorf("comparing types takes more than %d steps: %w", mostSteps, refuse.ErrBTF)
	}
	return nil
}

// next counts a step, and returns two types that are to be compared, without what wraps them.
func (m *matcher) next(local, target btf.TypeID) (a, b typeinfo.Record, err error) {
	if err := m.step(); err != nil {
		return a, b, err
	}
	if _, a, err = m.local.Plain(local); err != nil {
		return a, b, err
	}
	_, b, err = m.target.Plain(target)
	return a, b, err
}

// part finds the same way as local's in a type of the kernel, nil where the type does not have it
// (bpf_core_spec_match). Names and indices have to be the same, and the types that steps lead to
// alike: see [matcher.fieldsAlike]. The kernel's may have the members in anonymous structs and
// unions, and the other way round.
func (m *matcher) part(local *path, root btf.TypeID) (*path, error) {
	p := &path{types: m.target, root: root, steps: make([]step, 0, len(local.steps))}
	id := root
	for i := range local.steps {
		s := &local.steps[i]
		found, next := true, btf.TypeID(0)
		var err error
		switch {
		case s.name != "":
			found, next, err = m.member(p, id, s)
		case i > 0:
			found, next, err = m.element(p, id, s.index)
		default:
			if next, _, err = m.target.Plain(id); err == nil {
				p.depth++
				err = p.toElement(next, s.index)
			}
		}
		if err != nil || !found {
			return nil, err
		}
		id = next
	}
	return p, nil
}

// element goes to an element of an array.
func (m *matcher) element(p *path, array btf.TypeID, index uint32) (bool, btf.TypeID, error) {
	_, r, err := m.target.Plain(array)
	if err != nil || r.Kind != typeinfo.KindArray {
		return false, 0, err
	}
	elem, n := m.target.Element(&r)
	open, err := p.isFlexible(n)
	if err != nil || !open && index >= n {
		return false, 0, err
	}
	if p.depth++; p.depth > maxSteps {
		return false, 0, tooDeep(p)
	}
	id, _, err := m.target.Plain(elem)
	if err != nil {
		return false, 0, err
	}
	return true, id, p.toElement(id, index)
}

// member goes to the member of a step's name, which may be in anonymous members
// (bpf_core_match_member). The first of that name decides, as in the kernel: a type has no two in
// C.
func (m *matcher) member(p *path, owner btf.TypeID, s *step) (bool, btf.TypeID, error) {
	localOwner, err := m.local.Type(s.owner)
	if err != nil {
		return false, 0, err
	}
	want, err := m.local.Member(&localOwner, int(s.index))
	if err != nil {
		return false, 0, err
	}
	found, next, err := m.findMember(p, owner, &want)
	return found == right, next, err
}

// A finding says how looking for a member ended.
type finding int

const (
	none  finding = iota // there is none of that name
	wrong                // there is one, of another type
	right
)

// findMember looks for a member in a type, and leaves p where it is if it is found.
func (m *matcher) findMember(p *path, owner btf.TypeID, want *typeinfo.Member) (
	finding, btf.TypeID, error) {
	id, r, err := m.target.Plain(owner)
	if err != nil || !isComposite(&r) {
		return none, 0, err
	}
	if p.depth >= maxSteps {
		return none, 0, tooDeep(p)
	}
	for i := range r.Vlen {
		if err := m.step(); err != nil {
			return none, 0, err
		}
		member, err := m.target.Member(&r, i)
		if err != nil {
			return none, 0, err
		}
		if member.Name != "" && member.Name != want.Name {
			continue
		}
		bits := p.bits
		p.depth++
		if err := p.move(uint64(member.Offset)); err != nil {
			return none, 0, err
		}
		if member.Name == "" {
			found, next, err := m.findMember(p, member.Type, want)
			if found != none || err != nil {
				return found, next, err
			}
			p.bits = bits
			p.depth--
			continue
		}
		alike, err := m.fieldsAlike(want.Type, member.Type)
		if !alike || err != nil {
			return wrong, 0, err
		}
		p.steps = append(p.steps, step{member.Name, id, uint32(i)})
		return right, member.Type, nil
	}
	return none, 0, nil
}

func tooDeep(p *path) error {
	return fmt.Errorf("%s has the field more than %d types deep: %w", TypeName(p.types, p.root),
		maxSteps, refuse.ErrBTF)
}

// fieldsAlike reports whether the types of two fields are such that one can be read as the other
// (bpf_core_fields_are_compat): structs and unions whatever is in them, pointers whatever they
// point to, integers and floats whatever their sizes, enums and forward declarations of one name,
// arrays of such types.
func (m *matcher) fieldsAlike(local, target btf.TypeID) (bool, error) {
	for {
		a, b, err := m.next(local, target)
		if err != nil {
			return false, err
		}
		switch {
		case isComposite(&a) && isComposite(&b):
			return true, nil
		case isEnum(&a) && isEnum(&b):
			return namesAlike(a.Name, b.Name), nil
		case a.Kind != b.Kind:
			return false, nil
		}
		switch a.Kind {
		case typeinfo.KindPtr, typeinfo.KindFloat:
			return true, nil
		case typeinfo.KindFwd:
			return namesAlike(a.Name, b.Name), nil
		case typeinfo.KindInt: // not one that begins in the middle of its bytes
			_, ours := m.local.Encoding(&a)
			_, theirs := m.target.Encoding(&b)
			return ours == 0 && theirs == 0, nil
		case typeinfo.KindArray:
			local, _ = m.local.Element(&a)
			target, _ = m.target.Element(&b)
		default:
			return false, nil
		}
	}
}

// namesAlike reports whether two names are the same without flavors, or one is empty.
func namesAlike(a, b string) bool {
	return a == "" || b == "" || sameName(a, b)
}

// sameName reports whether two names are the same without flavors.
func sameName(a, b string) bool {
	return typeinfo.WithoutFlavor(a) == typeinfo.WithoutFlavor(b)
}

// value finds the value of an enum by its name, nil where the enum does not have it.
func (m *matcher) value(local *path, root btf.TypeID) (*path, error) {
	id, r, err := m.target.Plain(root)
	if err != nil || !isEnum(&r) {
		return nil, err
	}
	for i := range r.Vlen {
		name, _, err := m.target.Enumerator(&r, i)
		if err != nil {
			return nil, err
		}
		if sameName(name, local.steps[0].name) {
			return &path{types: m.target, root: root, depth: 1,
				steps: []step{{name, id, uint32(i)}}}, nil
		}
	}
	return nil, nil
}
