// SPDX-License-Identifier: Apache-2.0

package typeinfo

import (
	"bytes"

	"github.com/cilium/ebpf/btf"
)

// A Remap says which ids and which offsets of strings types get instead of those that they have. Id
// 0, void, and offset 0, no name, stay.
type Remap struct {
	ID   func(btf.TypeID) btf.TypeID
	Name func(uint32) uint32
}

// Remapped returns the records of types that are not the base's, with other ids and offsets of
// strings.
func (t *Types) Remapped(to Remap) []byte {
	c := Types{order: t.order, raw: bytes.Clone(t.raw)}
	for i := t.ownTypes(); i < len(t.offsets); i++ {
		c.visit(int(t.offsets[i]), func(at int) {
			if id := t.order.Uint32(c.raw[at:]); id != 0 {
				t.order.PutUint32(c.raw[at:], uint32(to.ID(btf.TypeID(id))))
			}
		}, func(at int) {
			if off := t.order.Uint32(c.raw[at:]); off != 0 {
				t.order.PutUint32(c.raw[at:], to.Name(off))
			}
		})
	}
	return c.raw
}

// Assemble returns BTF with these records and strings, in the byte order of t.
func Assemble(t *Types, records []byte, strings string) []byte {
	out := t.order.AppendUint16(nil, btfMagic)
	out = append(out, 1, 0)
	for _, word := range []uint32{btfHeaderSize, 0, uint32(len(records)), uint32(len(records)),
		uint32(len(strings))} {
		out = t.order.AppendUint32(out, word)
	}
	return append(append(out, records...), strings...)
}

// GoOn makes whole types go on from a base, none of whose types they use. Their strings then begin
// without the empty one, which is the base's.
func (t *Types) GoOn(base *Types) []byte {
	ids := base.firstID() + btf.TypeID(len(base.offsets)) - 1
	text := base.firstString() + uint32(len(base.strings)) - 1
	records := t.Remapped(Remap{
		ID:   func(id btf.TypeID) btf.TypeID { return id + ids },
		Name: func(off uint32) uint32 { return off + text },
	})
	return Assemble(t, records, t.strings[min(len(t.strings), 1):])
}

// Own returns how many types there are that are not the base's, without void.
func (t *Types) Own() uint32 { return uint32(len(t.offsets) - t.ownTypes()) }

// GoesOn reports whether the types go on from a base.
func (t *Types) GoesOn() bool { return t.base != nil }

// Stitch returns types as one whole set: those of the first, which are whole, with their ids, then
// each of the others', which go on from the first or are whole.
func Stitch(all []*Types) []byte {
	first := all[0]
	records, text := bytes.Clone(first.raw), []byte(first.strings)
	next := btf.TypeID(len(first.offsets))
	for _, t := range all[1:] {
		ids, names := btf.TypeID(1), uint32(0) // first of its own
		if t.base != nil {
			ids, names = t.firstID(), t.firstString()
		}
		start := uint32(len(text))
		records = append(records, t.Remapped(Remap{
			ID: func(id btf.TypeID) btf.TypeID {
				if id < ids {
					return id
				}
				return id - ids + next
			},
			Name: func(off uint32) uint32 {
				if off < names {
					return off
				}
				return off - names + start
			},
		})...)
		text = append(text, t.strings...)
		own := t.Own()
		next += btf.TypeID(own)
	}
	return Assemble(first, records, string(text))
}
