// SPDX-License-Identifier: Apache-2.0

package typeinfo

import (
	"fmt"

	"github.com/cilium/ebpf/btf"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/objfile"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
)

// BaseSection holds, in short, the types that those of section .BTF go on from: names and sizes of
// those that are referred to ("distilled base", libbpf: btf__distill_base).
const BaseSection = ".BTF.base"

// CheckRecords checks what can be known of types without those that they may go on from: that they
// have a header, and consist of whole records.
func CheckRecords(raw []byte) error {
	order := objfile.NativeOrder()
	if len(raw) >= 2 && order.Uint16(raw) == btfMagic>>8|btfMagic&0xff<<8 {
		return fmt.Errorf("the types are of the other byte order: %w", refuse.ErrBTF)
	}
	_, err := ParseKernel(raw, &Types{order: order, offsets: make([]uint32, 1)})
	return err
}

// IsWhole reports whether types can stand alone: they go on from no others. The strings of those
// that do begin without an empty one; where an assembler of types put one there, what they refer to
// tells.
func IsWhole(raw []byte) bool {
	t, err := ParseKernel(raw, nil)
	return err == nil && len(t.offsets) > 1 && t.checkReferences() == nil
}

// visit calls functions for a record at an offset of the types: with the place in raw of each id of
// a type, and of each name.
func (t *Types) visit(off int, id, name func(at int)) {
	info := t.order.Uint32(t.raw[off+4:])
	name(off)
	vlen, data := int(info&0xffff), off+btfTypeSize
	switch Kind(info >> 24 & 0x1f) {
	case KindPtr, KindTypedef, KindVolatile, KindConst, KindRestrict, KindFunc, KindVar,
		KindDeclTag, KindTypeTag:
		id(off + 8)
	case KindArray:
		id(data)
		id(data + 4)
	case KindStruct, KindUnion:
		for i := range vlen {
			name(data + 12*i)
			id(data + 12*i + 4)
		}
	case KindEnum:
		for i := range vlen {
			name(data + 8*i)
		}
	case KindEnum64:
		for i := range vlen {
			name(data + 12*i)
		}
	case KindFuncProto:
		id(off + 8)
		for i := range vlen {
			name(data + 8*i)
			id(data + 8*i + 4)
		}
	case KindDatasec:
		for i := range vlen {
			id(data + 12*i)
		}
	}
}

// checkReferences refuses types that refer to types or strings that do not exist.
func (t *Types) checkReferences() error {
	first := t.firstID()
	types, text := first+btf.TypeID(len(t.offsets)), t.firstString()+uint32(len(t.strings))
	for i := t.ownTypes(); i < len(t.offsets); i++ {
		var err error
		t.visit(int(t.offsets[i]), func(at int) {
			if id := btf.TypeID(t.order.Uint32(t.raw[at:])); id >= types && err == nil {
				err = fmt.Errorf("type %d refers to type %d, and there are %d: %w",
					first+btf.TypeID(i), id, types-1, refuse.ErrBTF)
			}
		}, func(at int) {
			if off := t.order.Uint32(t.raw[at:]); off >= text && off != 0 && err == nil {
				err = fmt.Errorf("type %d has a name at %d of %d bytes: %w", first+btf.TypeID(i),
					off, text, refuse.ErrBTF)
			}
		})
		if err != nil {
			return err
		}
	}
	return nil
}
