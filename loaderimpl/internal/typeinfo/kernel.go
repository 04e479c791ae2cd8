// SPDX-License-Identifier: Apache-2.0

package typeinfo

import (
	"fmt"
	"slices"

	"github.com/cilium/ebpf/btf"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/objfile"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
)

// Reach finds the types that are part of others. A tag belongs to the type it is on.
func (t *Types) Reach(roots []btf.TypeID) ([]bool, error) {
	keep := make([]bool, len(t.offsets))
	pending := slices.Clone(roots)
	for len(pending) > 0 {
		id := pending[len(pending)-1]
		pending = pending[:len(pending)-1]
		r, err := t.Type(id)
		if err != nil {
			return nil, err
		}
		if keep[id] {
			continue
		}
		keep[id] = true
		pending = t.appendParts(pending, &r)
	}
	for id := range keep {
		r, err := t.Type(btf.TypeID(id))
		if err != nil {
			return nil, err
		}
		if r.Kind == KindDeclTag && uint64(r.Size) < uint64(len(keep)) {
			keep[id] = keep[r.Size]
		}
	}
	return keep, nil
}

// appendParts appends the types that a type consists of.
func (t *Types) appendParts(list []btf.TypeID, r *Record) []btf.TypeID {
	word := func(at int) btf.TypeID { return btf.TypeID(t.order.Uint32(r.Data[at:])) }
	switch r.Kind {
	case KindPtr, KindTypedef, KindVolatile, KindConst, KindRestrict, KindTypeTag, KindFunc,
		KindVar:
		list = append(list, r.Target())
	case KindArray:
		list = append(list, word(0), word(4))
	case KindStruct, KindUnion:
		for i := range r.Vlen {
			list = append(list, word(12*i+4))
		}
	case KindFuncProto:
		list = append(list, r.Target())
		for i := range r.Vlen {
			list = append(list, word(8*i+4))
		}
	case KindDatasec:
		for i := range r.Vlen {
			list = append(list, word(12*i))
		}
	}
	return list
}

// ForKernel returns an object's BTF as a kernel accepts it, with the same ids. What the kernel need
// not know becomes a nameless integer: the structs that define maps in particular, whose arrays can
// be larger than the kernel lets a type be. Lists of global data get the sizes and offsets that the
// compiler left to linkers. Functions that are hidden count as static, which lets the verifier look
// into them from their callers (libbpf, bpf_object__sanitize_btf).
//
// For an old kernel, kinds of types that came after Linux 5.10 become what is nearest to them:
// float (5.13), tags (5.16, 5.17), enums of 64 bits (6.0).
func (t *Types) ForKernel(f *objfile.File, keep []bool, old bool) ([]byte, error) {
	records := make([]byte, 0, len(t.raw))
	hidden := hiddenFunctions(f)
	for id := 1; id < len(t.offsets); id++ {
		off := int(t.offsets[id])
		size, err := t.recordSize(off)
		if err != nil {
			return nil, err
		}
		r, err := t.Type(btf.TypeID(id))
		if err != nil {
			return nil, err
		}
		raw := t.raw[off : off+size]
		switch {
		case !keep[id], old && r.Kind == KindDeclTag:
			records = t.appendInt(records, 0, 1)
		case r.Kind == KindDatasec:
			records, err = t.appendList(records, f, raw, &r)
		case r.Kind == KindFunc && hidden[r.Name]:
			const static = uint32(KindFunc) << 24 // the linkage is in vlen
			records = t.appendRecord(records, t.order.Uint32(raw), static, r.Size)
		case old && r.Kind == KindTypeTag:
			records = t.appendRecord(records, 0, uint32(KindConst)<<24, r.Size)
		case old && (r.Kind == KindFloat || r.Kind == KindEnum64):
			records = t.appendInt(records, t.order.Uint32(raw), r.Size)
		default:
			records = append(records, raw...)
		}
		if err != nil {
			return nil, err
		}
	}
	return t.blob(records), nil
}

// blob puts a header before the types and the strings after them.
func (t *Types) blob(records []byte) []byte {
	b := make([]byte, btfHeaderSize, btfHeaderSize+len(records)+len(t.strings))
	t.order.PutUint16(b, btfMagic)
	b[2] = 1
	for i, v := range []int{btfHeaderSize, 0, len(records), len(records), len(t.strings)} {
		t.order.PutUint32(b[4+4*i:], uint32(v))
	}
	return append(append(b, records...), t.strings...)
}

func (t *Types) appendRecord(b []byte, words ...uint32) []byte {
	for _, w := range words {
		b = t.order.AppendUint32(b, w)
	}
	return b
}

// appendInt appends an integer of so many bytes. The kernel knows none of more than 128 bits.
func (t *Types) appendInt(b []byte, name, size uint32) []byte {
	return t.appendRecord(b, name, uint32(KindInt)<<24, size, min(size*8, 128))
}

// appendList appends the list of variables of a section.
func (t *Types) appendList(b []byte, f *objfile.File, raw []byte, r *Record) ([]byte, error) {
	s := f.Named(r.Name)
	if s == nil {
		return nil, fmt.Errorf("variables of section %s, which does not exist: %w", r.Name,
			refuse.ErrBTF)
	}
	_, vars, err := t.Variables(s, nil)
	if err != nil {
		return nil, err
	}
	b = t.appendRecord(b, t.order.Uint32(raw), t.order.Uint32(raw[4:]), uint32(s.Size))
	for _, v := range vars {
		b = t.appendRecord(b, t.order.Uint32(r.Data[12*v.index:]), uint32(v.Offset), v.Size)
	}
	return b, nil
}

// hiddenFunctions names the functions that other objects do not see.
func hiddenFunctions(f *objfile.File) map[string]bool {
	names := make(map[string]bool)
	for i := range f.Symbols {
		if y := &f.Symbols[i]; y.Hidden {
			names[y.Name] = true
		}
	}
	return names
}
