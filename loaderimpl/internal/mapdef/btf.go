// SPDX-License-Identifier: Apache-2.0

package mapdef

import (
	"errors"
	"fmt"
	"slices"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/objfile"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/typeinfo"
)

// mapsSection holds maps that are defined by the types of variables.
const mapsSection = ".maps"

// btfParser reads maps that are defined by BTF: a variable in section .maps, whose type is a
// struct. A number n is a field of type int (*)[n], a type T is a field of type T *, and what a map
// holds from the start is an array of pointers, its last field. The fields and their rules are
// libbpf's (parse_btf_map_def, and bpf_object__init_user_btf_map around it).
type btfParser struct{}

func (btfParser) reads(s *objfile.Section) bool { return s.Name == mapsSection }

func (btfParser) define(in *Input, s *objfile.Section, handled handledList) ([]*Definition, error) {
	if in.Types == nil {
		return nil, refuse.ErrBTFMissing
	}
	list, vars, err := in.Types.Variables(s, handled.has)
	if err != nil {
		return nil, err
	}
	if list == 0 {
		return nil, fmt.Errorf("BTF does not list its variables: %w", refuse.ErrBTFMissing)
	}
	if len(vars) != len(s.Symbols) {
		return nil, fmt.Errorf("%d symbols and %d variables: %w", len(s.Symbols), len(vars),
			refuse.ErrDefinition)
	}
	defs := make([]*Definition, 0, len(vars))
	values := make([]valuesAt, 0, len(vars))
	end := uint64(0)
	for _, v := range vars {
		if v.Offset < end {
			return nil, refuse.At(refuse.StageDefine, s.Name, v.Name,
				fmt.Errorf("overlaps another definition: %w", refuse.ErrDefinition))
		}
		end = v.Offset + uint64(v.Size)
		d, val, err := defineVariable(in, s, v)
		if err != nil {
			return nil, refuse.At(refuse.StageDefine, s.Name, v.Name, err)
		}
		defs, values = append(defs, d), append(values, val)
	}
	return defs, readSlots(in.File, s, handled, defs, values)
}

// defineVariable reads one map, and where its values are in the section.
func defineVariable(in *Input, s *objfile.Section,
	v typeinfo.Variable) (*Definition, valuesAt, error) {
	if !v.Global {
		return nil, valuesAt{}, refuse.ErrStatic
	}
	id, def, err := in.Types.Plain(v.Type)
	if err != nil {
		return nil, valuesAt{}, err
	}
	if def.Kind != typeinfo.KindStruct {
		return nil, valuesAt{}, fmt.Errorf("%v %s is no struct: %w", def.Kind, def.Name,
			refuse.ErrDefinition)
	}
	if def.Size > v.Size {
		return nil, valuesAt{}, fmt.Errorf("struct of %d bytes in a variable of %d: %w", def.Size,
			v.Size, refuse.ErrDefinition)
	}
	d := &Definition{Name: v.Name, Section: s.Name, Offset: v.Offset, Source: SourceBTF}
	if s.Data != nil {
		d.Raw = s.Data[v.Offset : v.Offset+uint64(v.Size)]
	}
	r := structReader{in: in, types: in.Types, def: d, ignoreUnknown: in.IgnoreUnknown}
	if err := r.read(id, &def); err != nil {
		return nil, valuesAt{}, err
	}
	var val valuesAt
	if r.values.Name != "" {
		val = valuesAt{start: v.Offset + uint64(r.values.Offset/8), end: v.Offset + uint64(v.Size)}
	}
	return d, val, checkInitialiser(in.File, s, d, r.unknowns)
}

// Declared reads the definition that a variable of section .maps has by its type alone, as a
// declaration of a map of another object has it too. Unknown fields are listed, not refused.
func Declared(t *typeinfo.Types, name string, typ btf.TypeID) (*Definition, error) {
	id, def, err := t.Plain(typ)
	if err != nil {
		return nil, err
	}
	if def.Kind != typeinfo.KindStruct {
		return nil, fmt.Errorf("%v %s is no struct: %w", def.Kind, def.Name, refuse.ErrDefinition)
	}
	d := &Definition{Name: name, Section: mapsSection, Source: SourceBTF}
	r := structReader{in: &Input{Types: t, IgnoreUnknown: true}, types: t, def: d,
		ignoreUnknown: true}
	return d, r.read(id, &def)
}

// checkInitialiser refuses bytes in a definition's section that nothing reads. What a map holds
// from the start is in relocations, to whose symbols nothing is to be added. The bytes of unknown
// fields are for others to read.
func checkInitialiser(f *objfile.File, s *objfile.Section, d *Definition, unknown []Field) error {
	at := slices.IndexFunc(d.Raw, func(b byte) bool { return b != 0 })
	for ; at >= 0 && at < len(d.Raw); at++ {
		if d.Raw[at] != 0 && !slices.ContainsFunc(unknown, func(f Field) bool {
			return at >= int(f.Offset) && at-int(f.Offset) < len(f.Raw)
		}) {
			break
		}
	}
	if at < 0 || at == len(d.Raw) {
		return nil
	}
	relocs, err := f.Relocations(s)
	if err != nil {
		return err
	}
	for _, rel := range relocs {
		if off := d.Offset + uint64(at); off >= rel.Offset && off-rel.Offset < typeinfo.PointerSize {
			return fmt.Errorf("byte %d is added to %s: %w", at, f.Symbols[rel.Symbol].Name,
				refuse.ErrAddend)
		}
	}
	return fmt.Errorf("byte %d: %w", at, refuse.ErrInitialiser)
}

// structReader turns the fields of a struct into a definition.
type structReader struct {
	in            *Input
	types         *typeinfo.Types
	def           *Definition
	ignoreUnknown bool
	inner         bool            // the struct describes what is in another map
	unknowns      []Field         // whatever a handler makes of them
	values        typeinfo.Member // what the map holds from the start; without a name for nothing

	haveKeySize, haveValueSize bool
}

func (r *structReader) read(id btf.TypeID, s *typeinfo.Record) error {
	seen := make([]string, 0, 16) // on the stack for all but strange structs
	for i := range s.Vlen {
		m, err := r.types.Member(s, i)
		switch {
		case err != nil:
			return fmt.Errorf("field %d: %w", i, err)
		case m.Name == "" || m.Width != 0 || m.Offset%8 != 0 || m.Offset/8 > s.Size ||
			slices.Contains(seen, m.Name):
			return fmt.Errorf("field %d has no name or no place of its own: %w", i,
				refuse.ErrDefinition)
		case m.Name == "values" && i != s.Vlen-1:
			return fmt.Errorf("field values is not the last: %w", refuse.ErrDefinition)
		}
		seen = append(seen, m.Name)
		if err := r.field(m); err != nil {
			return fmt.Errorf("field %s: %w", m.Name, err)
		}
	}
	r.def.BTFType = id
	if err := r.handle(); err != nil {
		return err
	}
	if r.def.Type == ebpf.UnspecifiedMap && r.def.Supply == nil {
		return refuse.ErrTypeMissing
	}
	return r.checkValues()
}

// handle asks the caller's handler about a definition with unknown fields, if there is one. What
// the handler does not know either is unknown.
func (r *structReader) handle() error {
	h, d := r.in.mapHandler(""), r.def
	if h == nil || len(d.Unknown) == 0 {
		return nil
	}
	byName := d.PinByName
	switch err := h.ask(r.in, d); {
	case err != nil && !errors.Is(err, refuse.ErrHandBack):
		return err
	case len(d.Unknown) > 0 && !r.ignoreUnknown:
		return fmt.Errorf("field %s: %w", d.Unknown[0].Name, refuse.ErrUnknownField)
	case r.inner && (d.PinByName != byName || d.PinPath != "" || d.Supply != nil):
		return fmt.Errorf("an inner map cannot be pinned or supplied: %w", refuse.ErrInner)
	}
	return nil
}

func (r *structReader) field(m typeinfo.Member) (err error) {
	d := r.def
	switch m.Name {
	case "type":
		var n uint32
		if n, err = number(r.types, m.Type); err == nil {
			d.Type = ebpf.MapType(n)
		}
	case "max_entries":
		d.MaxEntries, err = number(r.types, m.Type)
	case "map_flags":
		var n uint32
		if n, err = number(r.types, m.Type); err == nil {
			d.Flags |= n
		}
	case "map_extra":
		d.MapExtra, err = number64(r.types, m.Type)
	case "numa_node":
		var n uint32
		if n, err = number(r.types, m.Type); err == nil {
			d.nameNode(n)
		}
	case "key_size":
		return r.size(m, &d.KeySize, &r.haveKeySize)
	case "value_size":
		return r.size(m, &d.ValueSize, &r.haveValueSize)
	case "key":
		return r.typed(m, &d.Key, &d.KeySize, &r.haveKeySize)
	case "value":
		return r.typed(m, &d.Value, &d.ValueSize, &r.haveValueSize)
	case "pinning":
		return r.pinning(m)
	case "values":
		r.values = m
	default:
		return r.unknown(m)
	}
	return err
}

// pointed returns what a pointer points to.
func pointed(t *typeinfo.Types, id btf.TypeID) (btf.TypeID, error) {
	_, p, err := t.Plain(id)
	if err != nil {
		return 0, err
	}
	if p.Kind != typeinfo.KindPtr {
		return 0, fmt.Errorf("%v %s: %w", p.Kind, p.Name, refuse.ErrNotPointer)
	}
	return p.Target(), nil
}

// number returns the n of a field that is int (*)[n].
func number(t *typeinfo.Types, id btf.TypeID) (uint32, error) {
	target, err := pointed(t, id)
	if err != nil {
		return 0, err
	}
	_, a, err := t.Plain(target)
	if err != nil {
		return 0, err
	}
	if a.Kind != typeinfo.KindArray {
		return 0, fmt.Errorf("pointer to %v %s, not to an array: %w", a.Kind, a.Name,
			refuse.ErrNotPointer)
	}
	return t.Word(a.Data[8:]), nil
}

// number64 returns a number that may also be the only value of an enum, which is how __ulong writes
// numbers of 64 bits.
func number64(t *typeinfo.Types, id btf.TypeID) (uint64, error) {
	_, e, err := t.Plain(id)
	if err != nil {
		return 0, err
	}
	if e.Kind != typeinfo.KindEnum && e.Kind != typeinfo.KindEnum64 {
		n, err := number(t, id)
		return uint64(n), err
	}
	if e.Vlen != 1 {
		return 0, fmt.Errorf("enum of %d values: %w", e.Vlen, refuse.ErrDefinition)
	}
	n := uint64(t.Word(e.Data[4:]))
	if e.Kind == typeinfo.KindEnum64 {
		n |= uint64(t.Word(e.Data[8:])) << 32
	}
	return n, nil
}

// size reads a size in bytes. Where the type was given too, both have to agree.
func (r *structReader) size(m typeinfo.Member, size *uint32, have *bool) error {
	n, err := number(r.types, m.Type)
	if err != nil {
		return err
	}
	return agree(n, size, have)
}

func agree(n uint32, size *uint32, have *bool) error {
	if *have && *size != n {
		return fmt.Errorf("%d and %d bytes: %w", *size, n, refuse.ErrConflictingSize)
	}
	*size, *have = n, true
	return nil
}

// typed reads a type, and its size with it.
func (r *structReader) typed(m typeinfo.Member, typ *btf.TypeID, size *uint32, have *bool) error {
	target, err := pointed(r.types, m.Type)
	if err != nil {
		return err
	}
	n, err := r.types.SizeOf(target)
	if err != nil {
		return err
	}
	*typ = target
	return agree(n, size, have)
}

func (r *structReader) pinning(m typeinfo.Member) error {
	n, err := number(r.types, m.Type)
	switch {
	case err != nil:
		return err
	case r.inner:
		return fmt.Errorf("an inner map cannot be pinned: %w", refuse.ErrInner)
	case n > 1: // enum libbpf_pin_type
		return fmt.Errorf("%d: %w", n, refuse.ErrPinning)
	}
	r.def.PinByName = n == 1
	return nil
}

func (r *structReader) unknown(m typeinfo.Member) error {
	if !r.ignoreUnknown && r.in.mapHandler("") == nil {
		return refuse.ErrUnknownField
	}
	f := Field{Name: m.Name, Type: m.Type, Offset: m.Offset / 8}
	if n, err := r.types.SizeOf(m.Type); err == nil {
		if end := uint64(f.Offset) + uint64(n); end <= uint64(len(r.def.Raw)) {
			f.Raw = r.def.Raw[f.Offset:end]
		}
	}
	r.def.Unknown = append(r.def.Unknown, f)
	r.unknowns = append(r.unknowns, f)
	return nil
}
