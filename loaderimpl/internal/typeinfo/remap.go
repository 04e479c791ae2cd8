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
