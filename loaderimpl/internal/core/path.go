// SPDX-License-Identifier: Apache-2.0

package core

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/cilium/ebpf/btf"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/typeinfo"
)

// maxSteps limits how deep a way goes into a type, anonymous members included
// (BPF_CORE_SPEC_MAX_LEN).
const maxSteps = 64

// A step goes from a type to a part of it: to a member with a name, to an element of an array, or
// to a value of an enum. The first step of a way to a field is to an element too, as a pointer may
// point to one of several structs.
type step struct {
	name  string     // of a member or value; empty for an element
	owner btf.TypeID // struct, union or enum that has the part; of an element its own type
	index uint32     // of the member among the owner's, or of the element
}

// A path leads into a type: steps with names or numbers that mean something. Anonymous members
// are gone through, and are no steps of their own.
type path struct {
	types *typeinfo.Types
	root  btf.TypeID
	steps []step
	depth int    // steps with those through anonymous members
	bits  uint64 // offset of the part in the root
}

// maxBits bounds offsets, as the kernel's have 32 bits.
const maxBits = math.MaxUint32

// parsePath follows the indices of a relocation through the object's types (bpf_core_parse_spec).
// The path of a relocation to a type as a whole has no steps.
func parsePath(local *typeinfo.Types, r *Relocation) (*path, error) {
	access, err := local.String(r.Access)
	if err != nil {
		return nil, err
	}
	p := &path{types: local, root: r.Root}
	root, err := local.Type(r.Root)
	if err != nil {
		return nil, err
	}
	switch {
	case r.Kind.ofType():
		if access != "0" {
			return nil, bad("%v with the indices %q", r.Kind, access)
		}
		return p, nil
	case r.Kind >= kinds:
		return nil, bad("%v is unknown", r.Kind)
	case root.Kind == typeinfo.KindVoid:
		return nil, bad("%v of type %d", r.Kind, r.Root)
	}
	indices, err := parseIndices(access)
	if err != nil {
		return nil, err
	}
	if r.Kind.ofEnum() {
		return p, p.toValue(indices)
	}
	return p, p.toField(indices)
}

// parseIndices reads indices that are separated by colons.
func parseIndices(access string) ([]uint32, error) {
	parts := strings.SplitN(access, ":", maxSteps+1)
	if len(parts) > maxSteps {
		return nil, bad("more than %d indices", maxSteps)
	}
	indices := make([]uint32, len(parts))
	for i, part := range parts {
		n, err := strconv.ParseUint(part, 10, 31)
		if err != nil {
			return nil, bad("indices %q", access)
		}
		indices[i] = uint32(n)
	}
	return indices, nil
}

// toValue goes to a value of an enum.
func (p *path) toValue(indices []uint32) error {
	id, enum, err := p.types.Plain(p.root)
	if err != nil {
		return err
	}
	if !isEnum(&enum) || len(indices) != 1 || uint64(indices[0]) >= uint64(enum.Vlen) {
		return bad("value %v of %s", indices, TypeName(p.types, p.root))
	}
	name, _, err := p.types.Enumerator(&enum, int(indices[0]))
	if err != nil {
		return err
	}
	p.steps = append(p.steps, step{name, id, indices[0]})
	return nil
}

// toField goes to a field.
func (p *path) toField(indices []uint32) error {
	p.depth = len(indices)
	id, _, err := p.types.Plain(p.root)
	if err != nil {
		return err
	}
	if err := p.toElement(id, indices[0]); err != nil {
		return err
	}
	for _, index := range indices[1:] {
		var r typeinfo.Record
		if id, r, err = p.types.Plain(id); err != nil {
			return err
		}
		switch r.Kind {
		case typeinfo.KindStruct, typeinfo.KindUnion:
			if uint64(index) >= uint64(r.Vlen) {
				return bad("member %d of %s, which has %d", index, TypeName(p.types, id), r.Vlen)
			}
			m, err := p.types.Member(&r, int(index))
			if err != nil {
				return err
			}
			if m.Name != "" {
				p.steps = append(p.steps, step{m.Name, id, index})
			}
			if err := p.move(uint64(m.Offset)); err != nil {
				return err
			}
			id = m.Type
		case typeinfo.KindArray:
			elem, n := p.types.Element(&r)
			open, err := p.isFlexible(n)
			if err != nil {
				return err
			}
			if !open && index >= n {
				return bad("element %d of an array of %d", index, n)
			}
			if id, _, err = p.types.Plain(elem); err != nil {
				return err
			}
			if err := p.toElement(id, index); err != nil {
				return err
			}
		default:
			return bad("part %d of %v %s", index, r.Kind, r.Name)
		}
	}
	return nil
}

// toElement goes to an element of that type.
func (p *path) toElement(id btf.TypeID, index uint32) error {
	size, err := p.types.SizeInKernel(id)
	if err != nil {
		return fmt.Errorf("%w: %w", refuse.ErrRelocation, err)
	}
	p.steps = append(p.steps, step{owner: id, index: index})
	bytes := uint64(index) * uint64(size) // 31 and 32 bits
	return p.move(min(bytes, maxBits) * 8)
}

// move adds bits to the offset.
func (p *path) move(bits uint64) error {
	if p.bits += bits; p.bits > maxBits {
		return bad("a field more than %d bytes from the start of %s", maxBits/8,
			TypeName(p.types, p.root))
	}
	return nil
}

// isFlexible reports whether the last step is to an array without elements at the end of a struct,
// of which any element may be meant (is_flex_arr).
func (p *path) isFlexible(elements uint32) (bool, error) {
	last := p.steps[len(p.steps)-1]
	if last.name == "" || elements > 0 {
		return false, nil
	}
	owner, err := p.types.Type(last.owner)
	return uint64(last.index)+1 == uint64(owner.Vlen), err
}

// text returns the path as C behind a type, "a.b[3]"; and whether it begins at the type itself,
// rather than at another element of an array of it.
func (p *path) text() (field string, whole bool) {
	var b strings.Builder
	first := p.steps[0].index
	if first != 0 {
		fmt.Fprintf(&b, "[%d]", first)
	}
	for i, s := range p.steps[1:] {
		switch {
		case s.name == "":
			fmt.Fprintf(&b, "[%d]", s.index)
		case i == 0 && first == 0:
			b.WriteString(s.name)
		default:
			b.WriteString("." + s.name)
		}
	}
	return b.String(), first == 0 && len(p.steps) > 1 && p.steps[1].name != ""
}

func isEnum(r *typeinfo.Record) bool {
	return r.Kind == typeinfo.KindEnum || r.Kind == typeinfo.KindEnum64
}

func isComposite(r *typeinfo.Record) bool {
	return r.Kind == typeinfo.KindStruct || r.Kind == typeinfo.KindUnion
}
