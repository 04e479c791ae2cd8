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
// into them from their callers (libbpf, bpf_object__sanitize_btf). The vintage says what is
// rewritten beside that. Options say where the externs of section .kconfig are; nil for none. Sizes
// say which sections of global data, by name, have how many bytes instead of those of the object:
// see [Types.Resizes].
func (t *Types) ForKernel(f *objfile.File, keep []bool, vintage Vintage, options *Placed,
	sizes map[string]uint32) ([]byte, error) {
	w := writer{types: t, file: f, vintage: vintage, hidden: hiddenFunctions(f), options: options,
		sizes: sizes, next: btf.TypeID(len(t.offsets)),
		records: make([]byte, 0, len(t.raw)), strings: []byte(t.strings)}
	for id := 1; id < len(t.offsets); id++ {
		if !keep[id] {
			w.appendInt(0, 0, 1)
			continue
		}
		if err := w.append(btf.TypeID(id)); err != nil {
			return nil, err
		}
	}
	w.records = append(w.records, w.behind...)
	return w.blob(), nil
}

// writer writes an object's types for a kernel.
type writer struct {
	types   *Types
	file    *objfile.File
	vintage Vintage
	hidden  map[string]bool
	options *Placed
	sizes   map[string]uint32 // of sections that differ from the object's
	next    btf.TypeID        // of a type that the object does not have
	behind  []byte            // such types

	records []byte
	strings []byte
	added   map[string]uint32 // offsets of names that the object does not have
}

// append writes the type of an id.
func (w *writer) append(id btf.TypeID) error {
	off := int(w.types.offsets[id])
	size, err := w.types.recordSize(off)
	if err != nil {
		return err
	}
	r, err := w.types.Type(id)
	if err != nil {
		return err
	}
	raw := w.types.raw[off : off+size]
	name, err := w.name(raw, r.Kind)
	if err != nil {
		return fmt.Errorf("name of type %d: %w", id, err)
	}
	info := w.types.order.Uint32(raw[4:])
	isTag := r.Kind == KindDeclTag || r.Kind == KindTypeTag
	switch before := func(v Vintage) bool { return w.vintage >= v }; {
	case r.Kind == KindDatasec:
		return w.appendList(name, &r)
	case r.Kind == KindVar && w.options != nil && w.types.order.Uint32(r.Data) == linkageExtern:
		// The kernel knows no variables that are elsewhere (btf_var_check_meta). Those that it is
		// told of are options, which the loader defines.
		w.appendWords(name, info, r.Size, linkageGlobal)
	case r.Kind == KindFunc && w.hidden[r.Name]:
		const static = uint32(KindFunc) << 24 // the linkage is in vlen
		w.appendWords(name, static, r.Size)
	case r.Kind == KindDeclTag && (before(Before5_16) || isTag && r.flag && before(Before6_15)):
		w.appendInt(0, 0, 1)
	case r.Kind == KindTypeTag && (before(Before5_17) || isTag && r.flag && before(Before6_15)):
		w.appendWords(0, uint32(KindConst)<<24, r.Size)
	case r.Kind == KindFloat && before(Before5_13):
		w.appendInt(name, 0, r.Size)
	case r.Kind == KindEnum64 && before(Before6_0):
		encoding := uint32(0)
		if r.flag {
			encoding = intSigned
		}
		w.appendInt(name, encoding, r.Size)
	case r.Kind == KindEnum && before(Before6_0):
		w.appendWords(name, info&^kindFlag, r.Size)
		return w.appendRest(raw, r.Kind)
	default:
		w.appendWords(name, info, r.Size)
		return w.appendRest(raw, r.Kind)
	}
	return nil
}

// appendRest writes what follows the twelve bytes that all kinds have. Members, values and
// parameters begin with a name.
func (w *writer) appendRest(raw []byte, k Kind) error {
	rest := raw[btfTypeSize:]
	stride := 0
	switch k {
	case KindStruct, KindUnion, KindEnum64:
		stride = 12
	case KindEnum, KindFuncProto:
		stride = 8
	default:
		w.records = append(w.records, rest...)
		return nil
	}
	for ; len(rest) > 0; rest = rest[stride:] {
		name, err := w.name(rest, k)
		if err != nil {
			return err
		}
		w.appendWords(name)
		w.records = append(w.records, rest[4:stride]...)
	}
	return nil
}

// blob puts a header before the types and the strings after them.
func (w *writer) blob() []byte {
	order := w.types.order
	b := make([]byte, btfHeaderSize, btfHeaderSize+len(w.records)+len(w.strings))
	order.PutUint16(b, btfMagic)
	b[2] = 1
	for i, v := range []int{btfHeaderSize, 0, len(w.records), len(w.records), len(w.strings)} {
		order.PutUint32(b[4+4*i:], uint32(v))
	}
	return append(append(b, w.records...), w.strings...)
}

func (w *writer) appendWords(words ...uint32) {
	for _, word := range words {
		w.records = w.types.order.AppendUint32(w.records, word)
	}
}

// appendInt writes an integer of so many bytes. The kernel knows none of more than 128 bits.
func (w *writer) appendInt(name, encoding, size uint32) {
	w.appendWords(name, uint32(KindInt)<<24, size, encoding|min(size*8, 128))
}

// appendList writes the list of variables of a section. No kernel lets a variable have no bytes
// (btf_datasec_check_meta).
func (w *writer) appendList(name uint32, r *Record) error {
	s := w.file.Named(r.Name)
	if s == nil && w.options != nil && r.Name == optionsSection {
		w.appendPlaced(name, r, w.options)
		return nil
	}
	if s == nil {
		return fmt.Errorf("variables of section %s, which does not exist: %w", r.Name,
			refuse.ErrBTF)
	}
	_, vars, err := w.types.Variables(s, nil)
	if err != nil {
		return err
	}
	if w.vintage >= PlainNames {
		vars = slices.DeleteFunc(vars, func(v Variable) bool { return v.Size == 0 })
	}
	size := uint32(s.Size)
	var change *resized
	if other, differs := w.sizes[r.Name]; differs {
		if change, err = w.types.resize(s, other); err != nil {
			return err
		}
		if change != nil {
			size = other
		}
	}
	w.appendWords(name, uint32(KindDatasec)<<24|uint32(len(vars)), size)
	for _, v := range vars {
		id := w.types.order.Uint32(r.Data[12*v.index:])
		if change != nil && v.index == change.last.index {
			name, err := w.nameOf(btf.TypeID(id))
			if err != nil {
				return err
			}
			id, v.Size = uint32(w.appendResized(change, name)), size-uint32(v.Offset)
		}
		w.appendWords(id, uint32(v.Offset), v.Size)
	}
	return nil
}

// nameOf returns the name of a type as it is written.
func (w *writer) nameOf(id btf.TypeID) (uint32, error) {
	r, err := w.types.Type(id)
	if err != nil {
		return 0, err
	}
	return w.name(w.types.raw[w.types.offsets[id]:], r.Kind)
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
