// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"errors"
	"fmt"
	"slices"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"
)

// mapsSection is where maps are defined by the types of variables.
const mapsSection = ".maps"

// btfParser reads maps that are defined by BTF: a variable in section .maps, whose type is a struct. A number n is a field of type
// int (*)[n], a type T is a field of type T *, and what a map holds from the start is an array of pointers, its last field. The fields and
// their rules are libbpf's (parse_btf_map_def, and bpf_object__init_user_btf_map around it).
type btfParser struct{}

func (btfParser) reads(s *section) bool { return s.name == mapsSection }

func (btfParser) define(in *input, s *section) ([]*Definition, error) {
	if in.types == nil {
		return nil, ErrBTFMissing
	}
	list, vars, err := in.types.variables(s)
	if err != nil {
		return nil, err
	}
	if list == 0 {
		return nil, fmt.Errorf("BTF does not list its variables: %w", ErrBTFMissing)
	}
	if len(vars) != len(s.symbols) {
		return nil, fmt.Errorf("%d symbols and %d variables: %w", len(s.symbols), len(vars), ErrDefinition)
	}
	defs := make([]*Definition, 0, len(vars))
	values := make([]valuesAt, 0, len(vars))
	end := uint64(0)
	for _, v := range vars {
		if v.offset < end {
			return nil, at(StageDefine, s.name, v.name, fmt.Errorf("overlaps another definition: %w", ErrDefinition))
		}
		end = v.offset + uint64(v.size)
		d, val, err := defineVariable(in, s, v)
		if err != nil {
			return nil, at(StageDefine, s.name, v.name, err)
		}
		defs, values = append(defs, d), append(values, val)
	}
	return defs, readSlots(in.file, s, defs, values)
}

// defineVariable reads one map, and where in the section its values are.
func defineVariable(in *input, s *section, v variable) (*Definition, valuesAt, error) {
	if !v.global {
		return nil, valuesAt{}, ErrStatic
	}
	id, def, err := in.types.plain(v.typ)
	if err != nil {
		return nil, valuesAt{}, err
	}
	if def.kind != kindStruct {
		return nil, valuesAt{}, fmt.Errorf("%v %s is no struct: %w", def.kind, def.name, ErrDefinition)
	}
	if def.size > v.size {
		return nil, valuesAt{}, fmt.Errorf("struct of %d bytes in a variable of %d: %w", def.size, v.size, ErrDefinition)
	}
	d := &Definition{Name: v.name, Section: s.name, Offset: v.offset, Source: SourceBTF}
	if s.data != nil {
		d.Raw = s.data[v.offset : v.offset+uint64(v.size)]
	}
	r := structReader{in: in, types: in.types, def: d, relax: in.relax}
	if err := r.read(id, &def); err != nil {
		return nil, valuesAt{}, err
	}
	var val valuesAt
	if r.values.name != "" {
		val = valuesAt{start: v.offset + uint64(r.values.offset/8), end: v.offset + uint64(v.size)}
	}
	return d, val, checkInitialiser(d, r.unknowns)
}

// checkInitialiser refuses bytes in a definition's section that nothing reads. What a map holds from the start is in relocations.
// The bytes of unknown fields are for others to read.
func checkInitialiser(d *Definition, unknown []Field) error {
	for i, b := range d.Raw {
		if b != 0 && !slices.ContainsFunc(unknown, func(f Field) bool {
			return i >= int(f.Offset) && i-int(f.Offset) < len(f.Raw)
		}) {
			return fmt.Errorf("byte %d: %w", i, ErrInitialiser)
		}
	}
	return nil
}

// structReader turns the fields of a struct into a definition.
type structReader struct {
	in       *input
	types    *types
	def      *Definition
	relax    bool
	inner    bool    // the struct describes what is in another map
	unknowns []Field // whatever a handler makes of them
	values   member  // what the map holds from the start; without a name for nothing

	haveKeySize, haveValueSize bool
}

func (r *structReader) read(id btf.TypeID, s *record) error {
	seen := make([]string, 0, 16) // on the stack for all but strange structs
	for i := range s.vlen {
		m, err := r.types.member(s, i)
		switch {
		case err != nil:
			return fmt.Errorf("field %d: %w", i, err)
		case m.name == "" || m.width != 0 || m.offset%8 != 0 || m.offset/8 > s.size || slices.Contains(seen, m.name):
			return fmt.Errorf("field %d has no name or no place of its own: %w", i, ErrDefinition)
		case m.name == "values" && i != s.vlen-1:
			return fmt.Errorf("field values is not the last: %w", ErrDefinition)
		}
		seen = append(seen, m.name)
		if err := r.field(m); err != nil {
			return fmt.Errorf("field %s: %w", m.name, err)
		}
	}
	r.def.BTFType = id
	if err := r.handle(); err != nil {
		return err
	}
	if r.def.Type == ebpf.UnspecifiedMap && r.def.supply == nil {
		return ErrTypeMissing
	}
	return r.checkValues()
}

// handle puts a definition with unknown fields before the handler of the caller's, if there is one. What is unknown to that too is unknown.
func (r *structReader) handle() error {
	h, d := r.in.mapHandler(""), r.def
	if h == nil || len(d.Unknown) == 0 {
		return nil
	}
	pinning := d.Pinning
	switch err := h.ask(r.in, d); {
	case err != nil && !errors.Is(err, ErrHandBack):
		return err
	case len(d.Unknown) > 0 && !r.relax:
		return fmt.Errorf("field %s: %w", d.Unknown[0].Name, ErrUnknownField)
	case d.Pinning != PinNone && d.Pinning != PinByName:
		return fmt.Errorf("%d: %w", d.Pinning, ErrPinning)
	case r.inner && (d.Pinning != pinning || d.pinPath != "" || d.supply != nil):
		return fmt.Errorf("an inner map cannot be pinned or supplied: %w", ErrInner)
	}
	return nil
}

func (r *structReader) field(m member) (err error) {
	d := r.def
	switch m.name {
	case "type":
		var n uint32
		if n, err = r.types.number(m.typ); err == nil {
			d.Type = ebpf.MapType(n)
		}
	case "max_entries":
		d.MaxEntries, err = r.types.number(m.typ)
	case "map_flags":
		var n uint32
		if n, err = r.types.number(m.typ); err == nil {
			d.Flags |= n
		}
	case "map_extra":
		d.MapExtra, err = r.types.number64(m.typ)
	case "numa_node":
		var n uint32
		if n, err = r.types.number(m.typ); err == nil {
			d.onNode(n)
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

// pointed is what a pointer points to.
func (t *types) pointed(id btf.TypeID) (btf.TypeID, error) {
	_, p, err := t.plain(id)
	if err != nil {
		return 0, err
	}
	if p.kind != kindPtr {
		return 0, fmt.Errorf("%v %s: %w", p.kind, p.name, ErrNotPointer)
	}
	return p.target(), nil
}

// number is the n of a field that is int (*)[n].
func (t *types) number(id btf.TypeID) (uint32, error) {
	target, err := t.pointed(id)
	if err != nil {
		return 0, err
	}
	_, a, err := t.plain(target)
	if err != nil {
		return 0, err
	}
	if a.kind != kindArray {
		return 0, fmt.Errorf("pointer to %v %s, not to an array: %w", a.kind, a.name, ErrNotPointer)
	}
	return t.order.Uint32(a.data[8:]), nil
}

// number64 is a number that may also be the only value of an enum, which is how __ulong writes numbers of 64 bits.
func (t *types) number64(id btf.TypeID) (uint64, error) {
	_, e, err := t.plain(id)
	if err != nil {
		return 0, err
	}
	if e.kind != kindEnum && e.kind != kindEnum64 {
		n, err := t.number(id)
		return uint64(n), err
	}
	if e.vlen != 1 {
		return 0, fmt.Errorf("enum of %d values: %w", e.vlen, ErrDefinition)
	}
	n := uint64(t.order.Uint32(e.data[4:]))
	if e.kind == kindEnum64 {
		n |= uint64(t.order.Uint32(e.data[8:])) << 32
	}
	return n, nil
}

// size reads a size in bytes. Where the type was given too, both have to agree.
func (r *structReader) size(m member, size *uint32, have *bool) error {
	n, err := r.types.number(m.typ)
	if err != nil {
		return err
	}
	return agree(n, size, have)
}

func agree(n uint32, size *uint32, have *bool) error {
	if *have && *size != n {
		return fmt.Errorf("%d and %d bytes: %w", *size, n, ErrConflictingSize)
	}
	*size, *have = n, true
	return nil
}

// typed reads a type, and its size with it.
func (r *structReader) typed(m member, typ *btf.TypeID, size *uint32, have *bool) error {
	target, err := r.types.pointed(m.typ)
	if err != nil {
		return err
	}
	n, err := r.types.sizeOf(target)
	if err != nil {
		return err
	}
	*typ = target
	return agree(n, size, have)
}

func (r *structReader) pinning(m member) error {
	n, err := r.types.number(m.typ)
	switch {
	case err != nil:
		return err
	case r.inner:
		return fmt.Errorf("an inner map cannot be pinned: %w", ErrInner)
	case Pinning(n) != PinNone && Pinning(n) != PinByName:
		return fmt.Errorf("%d: %w", n, ErrPinning)
	}
	r.def.Pinning = Pinning(n)
	return nil
}

func (r *structReader) unknown(m member) error {
	if !r.relax && r.in.mapHandler("") == nil {
		return ErrUnknownField
	}
	f := Field{Name: m.name, Type: m.typ, Offset: m.offset / 8}
	if n, err := r.types.sizeOf(m.typ); err == nil {
		if end := uint64(f.Offset) + uint64(n); end <= uint64(len(r.def.Raw)) {
			f.Raw = r.def.Raw[f.Offset:end]
		}
	}
	r.def.Unknown = append(r.def.Unknown, f)
	r.unknowns = append(r.unknowns, f)
	return nil
}
