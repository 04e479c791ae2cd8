// SPDX-License-Identifier: Apache-2.0

package typeinfo

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/cilium/ebpf/btf"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/objfile"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
)

// Names of the sections that hold type information.
const (
	Section    = ".BTF"
	ExtSection = ".BTF.ext"
)

// Sizes of BTF's records, in bytes, and its magic number (Documentation/bpf/btf.rst).
const (
	btfMagic      = 0xeb9f
	btfHeaderSize = 24
	btfTypeSize   = 12
)

// A Kind tells the kinds of types apart (BTF_KIND_...).
type Kind uint8

const (
	KindVoid Kind = iota
	KindInt
	KindPtr
	KindArray
	KindStruct
	KindUnion
	KindEnum
	KindFwd
	KindTypedef
	KindVolatile
	KindConst
	KindRestrict
	KindFunc
	KindFuncProto
	KindVar
	KindDatasec
	KindFloat
	KindDeclTag
	KindTypeTag
	KindEnum64
)

// String returns the kind as C or BTF's documentation calls it.
func (k Kind) String() string {
	names := [...]string{"void", "int", "pointer", "array", "struct", "union", "enum",
		"forward declaration", "typedef", "volatile", "const",
		"restrict", "function", "function type", "variable", "list of variables", "float", "tag",
		"tag", "enum"}
	return names[k]
}

// Types index types as they stand in their bytes: an object's, or a kernel's. They hold no copies,
// as there may be many types and few are needed.
type Types struct {
	order   objfile.ByteOrder
	raw     []byte // records of types
	strings string
	offsets []uint32 // of records in raw, by type id; that of void, id 0, means nothing
	base    *Types   // whose ids and strings these go on from; nil for none

	names       lazy[nameIndex] // of types that CO-RE looks for
	pointerSize lazy[uint32]

	datasecs  map[string]btf.TypeID
	annotated map[string]btf.TypeID
}

// Datasec returns the id of the list of variables of a section, 0 where BTF has none. It takes a
// nil receiver, for an object without BTF.
func (t *Types) Datasec(section string) btf.TypeID {
	if t == nil {
		return 0
	}
	return t.datasecs[section]
}

// Annotated returns the id of the struct that BPF_ANNOTATE_KV_PAIR makes for a map of that name, 0
// where there is none.
func (t *Types) Annotated(name string) btf.TypeID {
	if t == nil {
		return 0
	}
	return t.annotated[name]
}

// Word reads a number of 32 bits from the data of a record.
func (t *Types) Word(data []byte) uint32 { return t.order.Uint32(data) }

// A Record holds one type.
type Record struct {
	Kind Kind
	Name string
	Vlen int    // number of members, values, parameters or variables
	Size uint32 // in bytes, or the id of a type, as the kind asks
	Data []byte // what comes after the twelve bytes that all kinds have

	flag bool // kind_flag: of a struct, that its members' offsets hold the widths of bitfields
}

// Target returns the type that a pointer, typedef, qualifier, function or variable refers to.
func (r *Record) Target() btf.TypeID { return btf.TypeID(r.Size) }

// Parse indexes an object's types. It returns nil where there are none.
func Parse(f *objfile.File) (*Types, error) {
	s := f.Named(Section)
	if s == nil || len(s.Data) == 0 {
		return nil, nil
	}
	t, err := parse(s.Data, f.Order, nil)
	if err != nil {
		return nil, err
	}
	return t, t.index()
}

// parse finds the parts of BTF, which goes on from base unless that is nil. The strings begin with
// an empty one, but for those that go on from others (btf_parse_str_sec, kernel/bpf/btf.c).
func parse(d []byte, order objfile.ByteOrder, base *Types) (*Types, error) {
	if len(d) < btfHeaderSize || order.Uint16(d) != btfMagic || d[2] != 1 {
		return nil, fmt.Errorf("no header of version 1 in the object's byte order: %w",
			refuse.ErrBTF)
	}
	if d[3] != 0 {
		return nil, fmt.Errorf("flags %#x in the header, and none is known: %w", d[3], refuse.ErrBTF)
	}
	header := uint64(order.Uint32(d[4:]))
	if header < btfHeaderSize || header > uint64(len(d)) {
		return nil, fmt.Errorf("header of %d bytes: %w", header, refuse.ErrBTF)
	}
	part := func(at int) []byte {
		off, size := uint64(order.Uint32(d[at:])), uint64(order.Uint32(d[at+4:]))
		if off > uint64(len(d))-header || size > uint64(len(d))-header-off {
			return nil
		}
		return d[header+off : header+off+size]
	}
	typesAt, textAt := uint64(order.Uint32(d[8:])), uint64(order.Uint32(d[16:]))
	typesEnd, textEnd := typesAt+uint64(order.Uint32(d[12:])), textAt+uint64(order.Uint32(d[20:]))
	if typesAt < textEnd && textAt < typesEnd {
		return nil, fmt.Errorf("types at %d to %d and strings at %d to %d overlap: %w", typesAt,
			typesEnd, textAt, textEnd, refuse.ErrBTF)
	}
	t := &Types{order: order, raw: part(8), base: base}
	text := part(16)
	begins := base != nil || len(text) > 0 && text[0] == 0
	if t.raw == nil || text == nil || !begins || len(text) > 0 && text[len(text)-1] != 0 {
		return nil, fmt.Errorf("types or strings lie outside, or strings have no end: %w",
			refuse.ErrBTF)
	}
	t.strings = string(text)
	return t, nil
}

// index finds where each type starts, and the few that are asked for by name.
func (t *Types) index() error {
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
		r, err := t.Type(id)
		if err != nil {
			return fmt.Errorf("type %d: %w", id, err)
		}
		switch name, annotates := strings.CutPrefix(r.Name, "____btf_map_"); {
		case r.Kind == KindDatasec && t.datasecs[r.Name] != 0:
			return fmt.Errorf("two lists of variables for section %s: %w", r.Name, refuse.ErrBTF)
		case r.Kind == KindDatasec:
			t.datasecs[r.Name] = id
		case r.Kind == KindStruct && annotates:
			t.annotated[name] = id
		}
	}
	return nil
}

// recordSize returns the size in bytes of the record at an offset. The record lies inside the
// types.
func (t *Types) recordSize(off int) (int, error) {
	left := len(t.raw) - off
	if left < btfTypeSize {
		return 0, fmt.Errorf("%d bytes left over: %w", left, refuse.ErrBTF)
	}
	info := t.order.Uint32(t.raw[off+4:])
	k, vlen := Kind(info>>24&0x1f), int(info&0xffff)
	size := btfTypeSize
	switch k {
	case KindInt, KindVar, KindDeclTag:
		size += 4
	case KindArray:
		size += 12
	case KindStruct, KindUnion, KindDatasec, KindEnum64:
		size += 12 * vlen
	case KindEnum, KindFuncProto:
		size += 8 * vlen
	case KindPtr, KindFwd, KindTypedef, KindVolatile, KindConst, KindRestrict, KindFunc, KindFloat,
		KindTypeTag:
	default:
		return 0, fmt.Errorf("kind %d is unknown: %w", k, refuse.ErrBTF)
	}
	if size > left {
		return 0, fmt.Errorf("%d bytes in %d: %w", size, left, refuse.ErrBTF)
	}
	return size, nil
}

// Type returns the type of an id.
func (t *Types) Type(id btf.TypeID) (Record, error) {
	if id == 0 {
		return Record{}, nil
	}
	first := t.firstID()
	if t.base != nil && id < first {
		return t.base.Type(id)
	}
	if uint64(id-first) >= uint64(len(t.offsets)) {
		return Record{}, fmt.Errorf("type %d of %d: %w", id, len(t.offsets), refuse.ErrBTF)
	}
	d := t.raw[t.offsets[id-first]:]
	info := t.order.Uint32(d[4:])
	r := Record{
		Kind: Kind(info >> 24 & 0x1f), Vlen: int(info & 0xffff), flag: info>>31 != 0,
		Size: t.order.Uint32(d[8:]), Data: d[btfTypeSize:],
	}
	var err error
	r.Name, err = t.name(t.order.Uint32(d))
	return r, err
}

func (t *Types) name(off uint32) (string, error) {
	if off == 0 {
		return "", nil
	}
	if t.base != nil {
		if own := t.firstString(); off >= own {
			off -= own
		} else {
			return t.base.name(off)
		}
	}
	if uint64(off) >= uint64(len(t.strings)) {
		return "", fmt.Errorf("string at %d of %d bytes: %w", off, len(t.strings), refuse.ErrBTF)
	}
	s, _, ended := strings.Cut(t.strings[off:min(int(off)+objfile.MaxName, len(t.strings))], "\x00")
	if !ended {
		return "", fmt.Errorf("string at %d does not end within %d bytes: %w", off, objfile.MaxName,
			refuse.ErrBTF)
	}
	return s, nil
}

// maxDepth limits how many typedefs, qualifiers and arrays may follow each other. BTF can hold
// cycles; C cannot.
const maxDepth = 64

// PointerSize counts the bytes of a pointer in a BPF object. A kernel's types may have another: see
// [Types.PointerSize].
const PointerSize = 8

// Plain returns a type behind its names and qualifiers, with its id.
func (t *Types) Plain(id btf.TypeID) (btf.TypeID, Record, error) {
	for range maxDepth {
		r, err := t.Type(id)
		if err != nil {
			return 0, Record{}, err
		}
		switch r.Kind {
		case KindTypedef, KindVolatile, KindConst, KindRestrict, KindTypeTag:
			id = r.Target()
		default:
			return id, r, nil
		}
	}
	return 0, Record{}, fmt.Errorf("type %d goes through more than %d others: %w", id, maxDepth,
		refuse.ErrBTF)
}

// SizeOf returns the size of an object's type in bytes.
func (t *Types) SizeOf(id btf.TypeID) (uint32, error) {
	return t.sizeOf(id, func() uint32 { return PointerSize })
}

// A Member describes a field of a struct.
type Member struct {
	Name   string
	Type   btf.TypeID
	Offset uint32 // bits
	Width  uint32 // of a bitfield, bits; 0 for other fields
}

// Member returns the i-th field of a struct or union.
func (t *Types) Member(r *Record, i int) (Member, error) {
	d := r.Data[12*i:]
	name, err := t.name(t.order.Uint32(d))
	m := Member{Name: name, Type: btf.TypeID(t.order.Uint32(d[4:])), Offset: t.order.Uint32(d[8:])}
	if r.flag {
		m.Width, m.Offset = m.Offset>>24, m.Offset&0xffffff
	}
	return m, err
}

// A Variable holds what BTF and the symbol table together say of one variable.
type Variable struct {
	Name   string
	Type   btf.TypeID // of what it holds
	Static bool
	Global bool   // defined here, and known to other objects
	Hidden bool   // not for other objects to see once it is linked
	Offset uint64 // in its section, bytes
	Size   uint32 // of its type, bytes

	Function bool // it is one of the kernel's, in .ksyms

	index int // in the list of variables
}

// Declared returns a variable or function as a list of variables has it.
func (t *Types) Declared(list *Record, i int) (Variable, error) {
	d := list.Data[12*i:]
	r, err := t.Type(btf.TypeID(t.order.Uint32(d)))
	if err != nil {
		return Variable{}, err
	}
	v := Variable{
		Name: r.Name, Type: r.Target(), Offset: uint64(t.order.Uint32(d[4:])),
		Size: t.order.Uint32(d[8:]), index: i,
	}
	switch r.Kind {
	case KindVar:
		linkage := t.order.Uint32(r.Data)
		v.Static, v.Global = linkage == 0, linkage == 1
	case KindFunc:
		v.Function = true
	default:
		return Variable{}, fmt.Errorf("%v %s is listed as a variable: %w", r.Kind, r.Name,
			refuse.ErrBTF)
	}
	return v, nil
}

// Variables pairs a section's BTF with its symbols, in the order of offsets. Offsets of global
// variables come from the symbols: BTF leaves them for linkers to fill in, and bpf_linker leaves
// them wrong where a variable was extern in one of its inputs (libbpf to 1.7.0). Static variables
// need not have a name of their own; the compiler writes their offsets.
//
// It returns the id of the section's list of variables with them, 0 where BTF has none.
//
// Variables whose names skip reports are left out, and need no symbols; a nil skip leaves out none.
func (t *Types) Variables(s *objfile.Section,
	skip func(name string) bool) (btf.TypeID, []Variable, error) {
	id := t.Datasec(s.Name)
	if id == 0 {
		return 0, nil, nil
	}
	list, err := t.Type(id)
	if err != nil {
		return 0, nil, err
	}
	byName := make(map[string]*objfile.Symbol, len(s.Symbols))
	for _, y := range s.Symbols {
		byName[y.Name] = y
	}
	vars := make([]Variable, 0, list.Vlen)
	for i := range list.Vlen {
		v, err := t.Declared(&list, i)
		if err != nil {
			return 0, nil, err
		}
		if skip != nil && skip(v.Name) {
			continue
		}
		if !v.Static {
			y := byName[v.Name]
			switch {
			case y == nil && !v.Global:
				return 0, nil, refuse.At(refuse.StageDefine, s.Name, v.Name, refuse.ErrExtern)
			case y == nil:
				return 0, nil, refuse.At(refuse.StageDefine, s.Name, v.Name,
					fmt.Errorf("variable without a symbol, or with that of another: %w",
						refuse.ErrBTF))
			}
			v.Offset, v.Hidden = y.Value, y.Hidden
			delete(byName, v.Name)
		}
		if v.Offset > s.Size || uint64(v.Size) > s.Size-v.Offset {
			return 0, nil, refuse.At(refuse.StageDefine, s.Name, v.Name,
				fmt.Errorf("variable of %d bytes at %d of a section of %d: %w", v.Size, v.Offset,
					s.Size, refuse.ErrBTF))
		}
		vars = append(vars, v)
	}
	slices.SortStableFunc(vars, func(a, b Variable) int { return cmp.Compare(a.Offset, b.Offset) })
	return id, vars, nil
}

// Spec reads an object's types with package btf, nil where the object has none.
func Spec(f *objfile.File, t *Types) (*btf.Spec, error) {
	if t == nil {
		return nil, nil
	}
	spec, err := btf.LoadSpecFromReader(bytes.NewReader(f.Named(Section).Data))
	if err != nil {
		return nil, refuse.At(refuse.StageOpen, Section, "",
			fmt.Errorf("%w: %w", refuse.ErrBTF, err))
	}
	return spec, nil
}
