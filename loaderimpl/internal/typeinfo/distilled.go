// SPDX-License-Identifier: Apache-2.0

package typeinfo

import (
	"fmt"

	"github.com/cilium/ebpf/btf"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
)

// parseDistilled reads types that go on from what their file says of its base: types with names and
// sizes, and no more. Those of the base that they mean take their places (libbpf and the kernel:
// btf_relocate). So the types fit each kernel that has such types, whatever the order of its own.
func parseDistilled(raw, distilled []byte, base *Types) (*Types, error) {
	short, err := ParseWhole(distilled)
	if err != nil {
		return nil, fmt.Errorf("section %s: %w", BaseSection, err)
	}
	split, err := ParseKernel(raw, short)
	if err != nil {
		return nil, err
	}
	if err := split.checkReferences(); err != nil {
		return nil, err
	}
	if err := split.each(split.checkKinds); err != nil {
		return nil, fmt.Errorf("%w: %w", err, refuse.ErrBTF)
	}
	ids, err := split.meant(base)
	if err != nil {
		return nil, err
	}
	first, own := base.firstID()+btf.TypeID(len(base.offsets)), btf.TypeID(len(short.offsets))
	text := []byte(split.strings)
	start := base.firstString() + uint32(len(base.strings))
	moved := make(map[uint32]uint32) // names that the short base has
	records := split.Remapped(Remap{
		ID: func(id btf.TypeID) btf.TypeID {
			if id < own {
				return ids[id]
			}
			return id - own + first
		},
		Name: func(off uint32) uint32 {
			if off >= uint32(len(short.strings)) {
				return off - uint32(len(short.strings)) + start
			}
			at, known := moved[off]
			if !known {
				at = start + uint32(len(text))
				moved[off] = at
				text = append(append(text, terminated(short.from(off))...), 0)
			}
			return at
		},
	})
	return ParseKernel(Assemble(split, records, string(text)), base)
}

// meant returns the types of a base that those of the short base mean, by the ids of those.
func (t *Types) meant(base *Types) ([]btf.TypeID, error) {
	short := t.base
	embedded := t.embedded()
	ids := make([]btf.TypeID, len(short.offsets))
	err := short.each(func(id btf.TypeID, _ int) error {
		want, err := short.Type(id)
		if err != nil {
			return err
		}
		if want.Name == "" || namedKinds>>want.Kind&1 == 0 || want.Kind == KindTypedef {
			return fmt.Errorf("section %s: type %d is %v %q, which it cannot have: %w", BaseSection,
				id, want.Kind, want.Name, refuse.ErrBTF)
		}
		found, err := base.alike(short, &want, embedded[id])
		if err != nil {
			return err
		}
		if len(found) != 1 {
			return fmt.Errorf("the base has %d of %v %s of %d bytes: %w", len(found), want.Kind,
				want.Name, want.Size, refuse.ErrWrongBase)
		}
		ids[id] = found[0]
		return nil
	})
	return ids, err
}

// alike returns the types that one of a short base may mean. Of numbers sizes have to be the same,
// of structs and unions too, if they are inside of another, or if there are several of the name.
func (t *Types) alike(short *Types, want *Record, embedded bool) ([]btf.TypeID, error) {
	var found []btf.TypeID
	composites := 0
	all := t.exactly(want.Name)
	for _, id := range all {
		if r, err := t.Type(id); err == nil && (r.Kind == KindStruct || r.Kind == KindUnion) {
			composites++
		}
	}
	for _, id := range all {
		r, err := t.Type(id)
		if err != nil {
			return nil, err
		}
		same := r.Kind == want.Kind
		switch want.Kind {
		case KindInt:
			same = same && r.Size == want.Size &&
				short.Word(want.Data) == t.Word(r.Data)
		case KindFloat:
			same = same && r.Size == want.Size
		case KindEnum, KindEnum64:
			same = (r.Kind == KindEnum || r.Kind == KindEnum64) && r.Size == want.Size
		case KindFwd:
			union := want.flag
			same = same && r.flag == union || r.Kind == KindStruct && !union ||
				r.Kind == KindUnion && union
		default:
			same = same && (!embedded && composites == 1 || r.Size == want.Size)
		}
		if same {
			found = append(found, id)
		}
	}
	return found, nil
}

// embedded returns which types of the short base are inside of structs that go on from it.
func (t *Types) embedded() map[btf.TypeID]bool {
	inside := make(map[btf.TypeID]bool)
	for i := t.ownTypes(); i < len(t.offsets); i++ {
		r, err := t.Type(t.firstID() + btf.TypeID(i))
		if err != nil || r.Kind != KindStruct && r.Kind != KindUnion {
			continue
		}
		for k := range r.Vlen {
			m, err := t.Member(&r, k)
			if err != nil {
				continue
			}
			id, in, err := t.Plain(m.Type)
			for n := 0; err == nil && in.Kind == KindArray && n < maxDepth; n++ {
				elem, _ := t.Element(&in)
				id, in, err = t.Plain(elem)
			}
			if err == nil && id < t.firstID() {
				inside[id] = true
			}
		}
	}
	return inside
}
