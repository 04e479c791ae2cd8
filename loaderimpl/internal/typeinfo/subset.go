// SPDX-License-Identifier: Apache-2.0

package typeinfo

import (
	"github.com/cilium/ebpf/btf"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/objfile"
)

// A Subset collects types of several sets as one whole set, with ids from 1 in the order in which
// they are added.
type Subset struct {
	order   objfile.ByteOrder
	like    *Types
	records []byte
	strings []byte
	at      map[string]uint32
}

// NewSubset begins a set in the byte order of another.
func NewSubset(like *Types) *Subset {
	return &Subset{order: like.order, like: like, strings: []byte{0}, at: map[string]uint32{"": 0}}
}

// name returns the offset of a string.
func (s *Subset) name(text string) uint32 {
	at, known := s.at[text]
	if !known {
		at = uint32(len(s.strings))
		s.at[text] = at
		s.strings = append(append(s.strings, text...), 0)
	}
	return at
}

// Add adds a type. Of a struct or union it has the members that member says, and the size that it
// has with all; of an enum it has the values if values says so. Types that it refers to get the ids
// that id returns.
func (s *Subset) Add(t *Types, of btf.TypeID, member func(int) bool, values bool,
	id func(btf.TypeID) uint32) error {
	r, err := t.Type(of)
	if err != nil {
		return err
	}
	parts := []uint32{} // words after the first three
	vlen, size := 0, r.Size
	switch r.Kind {
	case KindPtr, KindTypedef, KindVolatile, KindConst, KindRestrict, KindTypeTag:
		size = id(r.Target())
	case KindArray:
		elem, n := t.Element(&r)
		parts = []uint32{id(elem), id(btf.TypeID(t.Word(r.Data[4:]))), n}
	case KindInt:
		parts = []uint32{t.Word(r.Data)}
	case KindStruct, KindUnion:
		for i := range r.Vlen {
			if !member(i) {
				continue
			}
			m, err := t.Member(&r, i)
			if err != nil {
				return err
			}
			parts = append(parts, s.name(m.Name), id(m.Type), t.Word(r.Data[12*i+8:]))
			vlen++
		}
	case KindEnum, KindEnum64:
		words := 2
		if r.Kind == KindEnum64 {
			words = 3
		}
		for i := 0; values && i < r.Vlen; i++ {
			name, _, err := t.Enumerator(&r, i)
			if err != nil {
				return err
			}
			parts = append(parts, s.name(name))
			for k := 1; k < words; k++ {
				parts = append(parts, t.Word(r.Data[4*(words*i+k):]))
			}
			vlen++
		}
	case KindFuncProto:
		size = id(r.Target())
		for i := range r.Vlen {
			parts = append(parts, 0, id(t.Parameter(&r, i)))
			vlen++
		}
	}
	info := uint32(r.Kind)<<24 | uint32(vlen)
	if r.flag {
		info |= kindFlag
	}
	for _, word := range append([]uint32{s.name(r.Name), info, size}, parts...) {
		s.records = s.order.AppendUint32(s.records, word)
	}
	return nil
}

// Bytes returns the set as BTF.
func (s *Subset) Bytes() []byte { return Assemble(s.like, s.records, string(s.strings)) }
