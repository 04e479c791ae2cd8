// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/cilium/ebpf/btf"
)

// Names of the sections that hold type information.
const (
	btfSection    = ".BTF"
	btfExtSection = ".BTF.ext"
)

// Sizes of BTF's records, in bytes, and its magic number (Documentation/bpf/btf.rst).
const (
	btfMagic      = 0xeb9f
	btfHeaderSize = 24
	btfTypeSize   = 12
)

// kind is a kind of type (BTF_KIND_...).
type kind uint8

const (
	kindVoid kind = iota
	kindInt
	kindPtr
	kindArray
	kindStruct
	kindUnion
	kindEnum
	kindFwd
	kindTypedef
	kindVolatile
	kindConst
	kindRestrict
	kindFunc
	kindFuncProto
	kindVar
	kindDatasec
	kindFloat
	kindDeclTag
	kindTypeTag
	kindEnum64
	kinds
)

// String is the kind as it is called in C or in BTF's documentation.
func (k kind) String() string {
	names := [...]string{"void", "int", "pointer", "array", "struct", "union", "enum", "forward declaration", "typedef", "volatile", "const",
		"restrict", "function", "function type", "variable", "list of variables", "float", "tag", "tag", "enum"}
	return names[k]
}

// types are an object's types as they stand in its bytes: an index over them, and no copies, as an object may have many and need few. Callers
// who want more get [Object.Types].
type types struct {
	order   byteOrder
	raw     []byte // records of types
	strings string
	offsets []uint32 // of records in raw, by type id; that of void, id 0, means nothing

	datasecs map[string]btf.TypeID
	// annotated are the structs of BPF_ANNOTATE_KV_PAIR by the names of their maps.
	annotated map[string]btf.TypeID
}

// record is one type.
type record struct {
	kind kind
	name string
	vlen int    // number of members, values, parameters or variables
	flag bool   // kind_flag: of a struct, that its members' offsets hold the widths of bitfields
	size uint32 // in bytes, or the id of a type, as the kind asks
	data []byte // what comes after the twelve bytes that all kinds have
}

// target is the type that a pointer, typedef, qualifier, function or variable refers to.
func (r *record) target() btf.TypeID { return btf.TypeID(r.size) }

// parseBTF indexes an object's types. It returns nil where there are none.
func parseBTF(f *file) (*types, error) {
	s := f.named(btfSection)
	if s == nil || len(s.data) == 0 {
		return nil, nil
	}
	d := s.data
	if len(d) < btfHeaderSize || f.order.Uint16(d) != btfMagic || d[2] != 1 {
		return nil, fmt.Errorf("no header of version 1 in the object's byte order: %w", ErrBTF)
	}
	header := uint64(f.order.Uint32(d[4:]))
	if header < btfHeaderSize || header > uint64(len(d)) {
		return nil, fmt.Errorf("header of %d bytes: %w", header, ErrBTF)
	}
	part := func(at int) []byte {
		off, size := uint64(f.order.Uint32(d[at:])), uint64(f.order.Uint32(d[at+4:]))
		if off > uint64(len(d))-header || size > uint64(len(d))-header-off {
			return nil
		}
		return d[header+off : header+off+size]
	}
	t := &types{order: f.order, raw: part(8)}
	text := part(16)
	if t.raw == nil || len(text) == 0 || text[0] != 0 || text[len(text)-1] != 0 {
		return nil, fmt.Errorf("types or strings lie outside, or strings have no end: %w", ErrBTF)
	}
	t.strings = string(text)
	return t, t.index()
}

// index finds where each type starts, and the few that are asked for by name.
func (t *types) index() error {
	n := 1
	for off := 0; off < len(t.raw); n++ {
		size, err := t.recordSize(off)
		if err != nil {
			return fmt.Errorf("type %d: %w", n, err)
		}
		off += size
	}
	t.offsets = make([]uint32, 1, n)
	t.datasecs = make(map[string]btf.TypeID)
	t.annotated = make(map[string]btf.TypeID)
	for off := 0; off < len(t.raw); {
		id := btf.TypeID(len(t.offsets))
		t.offsets = append(t.offsets, uint32(off))
		size, err := t.recordSize(off)
		if err != nil {
			return fmt.Errorf("type %d: %w", id, err)
		}
		off += size
		r, err := t.at(id)
		if err != nil {
			return fmt.Errorf("type %d: %w", id, err)
		}
		switch name, annotates := strings.CutPrefix(r.name, "____btf_map_"); {
		case r.kind == kindDatasec && t.datasecs[r.name] != 0:
			return fmt.Errorf("two lists of variables for section %s: %w", r.name, ErrBTF)
		case r.kind == kindDatasec:
			t.datasecs[r.name] = id
		case r.kind == kindStruct && annotates:
			t.annotated[name] = id
		}
	}
	return nil
}

// recordSize is the size in bytes of the record at an offset. It fits.
func (t *types) recordSize(off int) (int, error) {
	left := len(t.raw) - off
	if left < btfTypeSize {
		return 0, fmt.Errorf("%d bytes left over: %w", left, ErrBTF)
	}
	info := t.order.Uint32(t.raw[off+4:])
	k, vlen := kind(info>>24&0x1f), int(info&0xffff)
	size := btfTypeSize
	switch k {
	case kindInt, kindVar, kindDeclTag:
		size += 4
	case kindArray:
		size += 12
	case kindStruct, kindUnion, kindDatasec, kindEnum64:
		size += 12 * vlen
	case kindEnum, kindFuncProto:
		size += 8 * vlen
	case kindPtr, kindFwd, kindTypedef, kindVolatile, kindConst, kindRestrict, kindFunc, kindFloat, kindTypeTag:
	default:
		return 0, fmt.Errorf("kind %d is unknown: %w", k, ErrBTF)
	}
	if size > left {
		return 0, fmt.Errorf("%d bytes in %d: %w", size, left, ErrBTF)
	}
	return size, nil
}

// at is the type of that id.
func (t *types) at(id btf.TypeID) (record, error) {
	if id == 0 {
		return record{}, nil
	}
	if uint64(id) >= uint64(len(t.offsets)) {
		return record{}, fmt.Errorf("type %d of %d: %w", id, len(t.offsets), ErrBTF)
	}
	d := t.raw[t.offsets[id]:]
	info := t.order.Uint32(d[4:])
	r := record{
		kind: kind(info >> 24 & 0x1f), vlen: int(info & 0xffff), flag: info>>31 != 0, size: t.order.Uint32(d[8:]), data: d[btfTypeSize:],
	}
	var err error
	r.name, err = t.name(t.order.Uint32(d))
	return r, err
}

func (t *types) name(off uint32) (string, error) {
	if off == 0 {
		return "", nil
	}
	if uint64(off) >= uint64(len(t.strings)) {
		return "", fmt.Errorf("string at %d of %d bytes: %w", off, len(t.strings), ErrBTF)
	}
	s, _, ended := strings.Cut(t.strings[off:min(int(off)+maxName, len(t.strings))], "\x00")
	if !ended {
		return "", fmt.Errorf("string at %d does not end within %d bytes: %w", off, maxName, ErrBTF)
	}
	return s, nil
}

// maxDepth is how many typedefs, qualifiers and arrays may follow each other. BTF can hold cycles; C cannot.
const maxDepth = 64

// plain is a type behind its names and qualifiers, with its id.
func (t *types) plain(id btf.TypeID) (btf.TypeID, record, error) {
	for range maxDepth {
		r, err := t.at(id)
		if err != nil {
			return 0, record{}, err
		}
		switch r.kind {
		case kindTypedef, kindVolatile, kindConst, kindRestrict, kindTypeTag:
			id = r.target()
		default:
			return id, r, nil
		}
	}
	return 0, record{}, fmt.Errorf("type %d goes through more than %d others: %w", id, maxDepth, ErrBTF)
}

// sizeOf is the size of a type in bytes.
func (t *types) sizeOf(id btf.TypeID) (uint32, error) {
	total := uint64(1)
	for range maxDepth {
		_, r, err := t.plain(id)
		if err != nil {
			return 0, err
		}
		switch r.kind {
		case kindArray:
			id = btf.TypeID(t.order.Uint32(r.data))
			if total *= uint64(t.order.Uint32(r.data[8:])); total > math.MaxUint32 {
				return 0, fmt.Errorf("array of %d elements or more: %w", total, ErrDefinition)
			}
			continue
		case kindPtr:
			total *= pointerSize
		case kindInt, kindStruct, kindUnion, kindEnum, kindEnum64, kindFloat:
			total *= uint64(r.size)
		default:
			return 0, fmt.Errorf("%v %s has no size: %w", r.kind, r.name, ErrDefinition)
		}
		if total > math.MaxUint32 {
			return 0, fmt.Errorf("type of %d bytes: %w", total, ErrDefinition)
		}
		return uint32(total), nil
	}
	return 0, fmt.Errorf("array of more than %d dimensions: %w", maxDepth, ErrBTF)
}

// A member is a field of a struct.
type member struct {
	name   string
	typ    btf.TypeID
	offset uint32 // bits
	width  uint32 // of a bitfield, bits; 0 for other fields
}

// member is the i-th field of a struct or union.
func (t *types) member(r *record, i int) (member, error) {
	d := r.data[12*i:]
	name, err := t.name(t.order.Uint32(d))
	m := member{name: name, typ: btf.TypeID(t.order.Uint32(d[4:])), offset: t.order.Uint32(d[8:])}
	if r.flag {
		m.width, m.offset = m.offset>>24, m.offset&0xffffff
	}
	return m, err
}

// A variable is what BTF and the symbol table together say of one variable.
type variable struct {
	name   string
	typ    btf.TypeID // of what it holds
	static bool
	global bool   // defined here, and known to other objects
	hidden bool   // the linker's business alone
	offset uint64 // in its section, bytes
	size   uint32 // of its type, bytes
	index  int    // in the list of variables
}

// declared is a variable or function as a list of variables has it.
func (t *types) declared(list *record, i int) (variable, error) {
	d := list.data[12*i:]
	r, err := t.at(btf.TypeID(t.order.Uint32(d)))
	if err != nil {
		return variable{}, err
	}
	v := variable{name: r.name, typ: r.target(), offset: uint64(t.order.Uint32(d[4:])), size: t.order.Uint32(d[8:]), index: i}
	switch r.kind {
	case kindVar:
		linkage := t.order.Uint32(r.data)
		v.static, v.global = linkage == 0, linkage == 1
	case kindFunc: // of the kernel, in .ksyms
	default:
		return variable{}, fmt.Errorf("%v %s is listed as a variable: %w", r.kind, r.name, ErrBTF)
	}
	return v, nil
}

// variables pairs a section's BTF with its symbols, in the order of offsets. Offsets of global variables come from the symbols: in BTF they
// are left for linkers to fill in, and bpf_linker leaves them wrong where a variable was extern in one of its inputs (libbpf to 1.7.0).
// Static variables need not have a name of their own; the compiler writes their offsets.
//
// The id of the section's list of variables is returned with them. It is 0 where BTF has none.
func (t *types) variables(s *section) (btf.TypeID, []variable, error) {
	if t == nil || t.datasecs[s.name] == 0 {
		return 0, nil, nil
	}
	id := t.datasecs[s.name]
	list, err := t.at(id)
	if err != nil {
		return 0, nil, err
	}
	byName := make(map[string]*symbol, len(s.symbols))
	for _, y := range s.symbols {
		byName[y.name] = y
	}
	vars := make([]variable, 0, list.vlen)
	for i := range list.vlen {
		v, err := t.declared(&list, i)
		if err != nil {
			return 0, nil, err
		}
		if s.took(v.name) {
			continue
		}
		if !v.static {
			y := byName[v.name]
			switch {
			case y == nil && !v.global:
				return 0, nil, at(StageDefine, s.name, v.name, ErrExtern)
			case y == nil:
				return 0, nil, at(StageDefine, s.name, v.name, fmt.Errorf("variable without a symbol, or with that of another: %w", ErrBTF))
			}
			v.offset, v.hidden = y.value, y.hidden
			delete(byName, v.name)
		}
		if v.offset > s.size || uint64(v.size) > s.size-v.offset {
			return 0, nil, at(StageDefine, s.name, v.name,
				fmt.Errorf("variable of %d bytes at %d of a section of %d: %w", v.size, v.offset, s.size, ErrBTF))
		}
		vars = append(vars, v)
	}
	slices.SortStableFunc(vars, func(a, b variable) int { return cmp.Compare(a.offset, b.offset) })
	return id, vars, nil
}

// declares reports whether BTF lists an extern of that name for a section.
func (t *types) declares(section, name string) (bool, error) {
	if t == nil || t.datasecs[section] == 0 {
		return false, nil
	}
	list, err := t.at(t.datasecs[section])
	if err != nil {
		return false, err
	}
	for i := range list.vlen {
		v, err := t.declared(&list, i)
		if err != nil || v.name == name {
			return err == nil, err
		}
	}
	return false, nil
}
