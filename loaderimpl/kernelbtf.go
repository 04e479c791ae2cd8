// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"fmt"
	"slices"

	"github.com/cilium/ebpf/btf"
)

// loadTypes loads the object's types into the kernel, and returns their descriptor, -1 if there are none to load or the kernel takes none;
// the error says why it does not.
func (l *loading) loadTypes() (int, error) {
	o := l.object
	roots := o.typesInUse()
	if len(roots) == 0 {
		return -1, nil
	}
	keep, err := o.types.reach(roots)
	if err != nil {
		return -1, err
	}
	var first error
	for _, old := range []bool{false, true} {
		blob, err := o.types.forKernel(o.file, keep, old)
		if err != nil {
			return -1, err
		}
		fd, err := loadBTF(blob)
		if err == nil {
			return fd, nil
		}
		if first == nil {
			first = fmt.Errorf("load BTF: %w", err)
		}
	}
	return -1, first
}

// typesInUse are the types that the kernel is told of: those of keys, values, global data and functions.
func (o *Object) typesInUse() []btf.TypeID {
	var roots []btf.TypeID
	for _, m := range o.maps {
		for d := m.def; d != nil && m.create; d = d.Inner {
			if d.hasTypes() {
				roots = append(roots, d.Key, d.Value)
			}
		}
	}
	if o.ext == nil {
		return roots
	}
	for _, records := range o.ext.funcs.sections {
		for ; len(records) > 0; records = records[o.ext.funcs.size:] {
			roots = append(roots, btf.TypeID(o.file.order.Uint32(records[4:])))
		}
	}
	return roots
}

// reach finds the types that are part of others. A tag belongs to the type it is on.
func (t *types) reach(roots []btf.TypeID) ([]bool, error) {
	keep := make([]bool, len(t.offsets))
	pending := slices.Clone(roots)
	for len(pending) > 0 {
		id := pending[len(pending)-1]
		pending = pending[:len(pending)-1]
		r, err := t.at(id)
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
		r, err := t.at(btf.TypeID(id))
		if err != nil {
			return nil, err
		}
		if r.kind == kindDeclTag && uint64(r.size) < uint64(len(keep)) {
			keep[id] = keep[r.size]
		}
	}
	return keep, nil
}

// appendParts appends the types that a type is made of.
func (t *types) appendParts(list []btf.TypeID, r *record) []btf.TypeID {
	word := func(at int) btf.TypeID { return btf.TypeID(t.order.Uint32(r.data[at:])) }
	switch r.kind {
	case kindPtr, kindTypedef, kindVolatile, kindConst, kindRestrict, kindTypeTag, kindFunc, kindVar:
		list = append(list, r.target())
	case kindArray:
		list = append(list, word(0), word(4))
	case kindStruct, kindUnion:
		for i := range r.vlen {
			list = append(list, word(12*i+4))
		}
	case kindFuncProto:
		list = append(list, r.target())
		for i := range r.vlen {
			list = append(list, word(8*i+4))
		}
	case kindDatasec:
		for i := range r.vlen {
			list = append(list, word(12*i))
		}
	}
	return list
}

// forKernel is an object's BTF as a kernel takes it, with the same ids. What the kernel need not know becomes a nameless integer: the structs
// that define maps in particular, whose arrays can be larger than the kernel lets a type be. Lists of global data get the sizes and offsets
// that the compiler left to linkers. Functions that are hidden count as static, which lets the verifier look into them from their callers
// (libbpf, bpf_object__sanitize_btf).
//
// For an old kernel, kinds of types that came after Linux 5.10 become what is nearest to them: float (5.13), tags (5.16, 5.17), enums of 64
// bits (6.0).
func (t *types) forKernel(f *file, keep []bool, old bool) ([]byte, error) {
	records := make([]byte, 0, len(t.raw))
	hidden := hiddenFunctions(f)
	for id := 1; id < len(t.offsets); id++ {
		off := int(t.offsets[id])
		size, err := t.recordSize(off)
		if err != nil {
			return nil, err
		}
		r, err := t.at(btf.TypeID(id))
		if err != nil {
			return nil, err
		}
		raw := t.raw[off : off+size]
		switch {
		case !keep[id], old && r.kind == kindDeclTag:
			records = t.appendInt(records, 0, 1)
		case r.kind == kindDatasec:
			records, err = t.appendList(records, f, raw, &r)
		case r.kind == kindFunc && hidden[r.name]:
			const static = uint32(kindFunc) << 24 // the linkage is in vlen
			records = t.appendRecord(records, t.order.Uint32(raw), static, r.size)
		case old && r.kind == kindTypeTag:
			records = t.appendRecord(records, 0, uint32(kindConst)<<24, r.size)
		case old && (r.kind == kindFloat || r.kind == kindEnum64):
			records = t.appendInt(records, t.order.Uint32(raw), r.size)
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
func (t *types) blob(records []byte) []byte {
	b := make([]byte, btfHeaderSize, btfHeaderSize+len(records)+len(t.strings))
	t.order.PutUint16(b, btfMagic)
	b[2] = 1
	for i, v := range []int{btfHeaderSize, 0, len(records), len(records), len(t.strings)} {
		t.order.PutUint32(b[4+4*i:], uint32(v))
	}
	return append(append(b, records...), t.strings...)
}

func (t *types) appendRecord(b []byte, words ...uint32) []byte {
	for _, w := range words {
		b = t.order.AppendUint32(b, w)
	}
	return b
}

// appendInt appends an integer of so many bytes. The kernel knows none of more than 128 bits.
func (t *types) appendInt(b []byte, name, size uint32) []byte {
	return t.appendRecord(b, name, uint32(kindInt)<<24, size, min(size*8, 128))
}

// appendList appends the list of variables of a section.
func (t *types) appendList(b []byte, f *file, raw []byte, r *record) ([]byte, error) {
	s := f.named(r.name)
	if s == nil {
		return nil, fmt.Errorf("variables of section %s, which is not there: %w", r.name, ErrBTF)
	}
	_, vars, err := t.variables(s)
	if err != nil {
		return nil, err
	}
	b = t.appendRecord(b, t.order.Uint32(raw), t.order.Uint32(raw[4:]), uint32(s.size))
	for _, v := range vars {
		b = t.appendRecord(b, t.order.Uint32(r.data[12*v.index:]), uint32(v.offset), v.size)
	}
	return b, nil
}

// hiddenFunctions are the functions that are not for other objects to see.
func hiddenFunctions(f *file) map[string]bool {
	names := make(map[string]bool)
	for i := range f.symbols {
		if y := &f.symbols[i]; y.hidden {
			names[y.name] = true
		}
	}
	return names
}
