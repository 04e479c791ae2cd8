// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"fmt"
	"math"
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

func (btfParser) define(in *input, s *section) ([]Definition, error) {
	if in.types == nil {
		return nil, ErrBTFMissing
	}
	sec, err := datasec(in.types, s.name)
	if err != nil {
		return nil, err
	}
	if sec == nil {
		return nil, fmt.Errorf("BTF does not list its variables: %w", ErrBTFMissing)
	}
	vars, err := variables(s, sec)
	if err != nil {
		return nil, err
	}
	if len(vars) != len(s.symbols) {
		return nil, fmt.Errorf("%d symbols and %d variables: %w", len(s.symbols), len(vars), ErrDefinition)
	}
	defs := make([]Definition, 0, len(vars))
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
func defineVariable(in *input, s *section, v variable) (Definition, valuesAt, error) {
	if v.typ.Linkage != btf.GlobalVar {
		return Definition{}, valuesAt{}, ErrStatic
	}
	def, ok := btf.As[*btf.Struct](v.typ.Type)
	if !ok {
		return Definition{}, valuesAt{}, fmt.Errorf("%v is no struct: %w", v.typ.Type, ErrDefinition)
	}
	if def.Size > v.size {
		return Definition{}, valuesAt{}, fmt.Errorf("struct of %d bytes in a variable of %d: %w", def.Size, v.size, ErrDefinition)
	}
	d := Definition{Name: v.name, Section: s.name, Offset: v.offset, Source: SourceBTF}
	if s.data != nil {
		d.Raw = s.data[v.offset : v.offset+uint64(v.size)]
	}
	r := structReader{def: &d, relax: in.relax}
	if err := r.read(def); err != nil {
		return Definition{}, valuesAt{}, err
	}
	var val valuesAt
	if r.values != nil {
		val = valuesAt{start: v.offset + uint64(r.values.Offset.Bytes()), end: v.offset + uint64(v.size)}
	}
	return d, val, checkInitialiser(&d)
}

// checkInitialiser refuses bytes in a definition's section that nothing reads. What a map holds from the start is in relocations.
func checkInitialiser(d *Definition) error {
	for i, b := range d.Raw {
		if b != 0 && !slices.ContainsFunc(d.Unknown, func(f Field) bool {
			return i >= int(f.Offset) && i-int(f.Offset) < len(f.Raw)
		}) {
			return fmt.Errorf("byte %d: %w", i, ErrInitialiser)
		}
	}
	return nil
}

// structReader turns the fields of a struct into a definition.
type structReader struct {
	def    *Definition
	relax  bool
	inner  bool        // the struct describes what is in another map
	values *btf.Member // what the map holds from the start

	haveKeySize, haveValueSize bool
}

func (r *structReader) read(s *btf.Struct) error {
	seen := make(map[string]bool, len(s.Members))
	for i, m := range s.Members {
		if m.Name == "" || seen[m.Name] {
			return fmt.Errorf("field %d has no name of its own: %w", i, ErrDefinition)
		}
		seen[m.Name] = true
		if m.Name == "values" && i != len(s.Members)-1 {
			return fmt.Errorf("field values is not the last: %w", ErrDefinition)
		}
		if err := r.field(&s.Members[i]); err != nil {
			return fmt.Errorf("field %s: %w", m.Name, err)
		}
	}
	if r.def.Type == ebpf.UnspecifiedMap {
		return ErrTypeMissing
	}
	r.def.BTFType = s
	return r.checkValues()
}

func (r *structReader) field(m *btf.Member) (err error) {
	d := r.def
	switch m.Name {
	case "type":
		var n uint32
		if n, err = number(m.Type); err == nil {
			d.Type = ebpf.MapType(n)
		}
	case "max_entries":
		d.MaxEntries, err = number(m.Type)
	case "map_flags":
		var n uint32
		if n, err = number(m.Type); err == nil {
			d.Flags |= n
		}
	case "map_extra":
		d.MapExtra, err = number64(m.Type)
	case "numa_node":
		var n uint32
		if n, err = number(m.Type); err == nil {
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

// number is the n of a field that is int (*)[n].
func number(t btf.Type) (uint32, error) {
	p, ok := btf.As[*btf.Pointer](t)
	if !ok {
		return 0, ErrNotPointer
	}
	a, ok := btf.As[*btf.Array](p.Target)
	if !ok {
		return 0, fmt.Errorf("%v is no array: %w", p.Target, ErrNotPointer)
	}
	return a.Nelems, nil
}

// number64 is a number that may also be the only value of an enum, which is how __ulong writes numbers of 64 bits.
func number64(t btf.Type) (uint64, error) {
	e, ok := btf.As[*btf.Enum](t)
	if !ok {
		n, err := number(t)
		return uint64(n), err
	}
	if len(e.Values) != 1 {
		return 0, fmt.Errorf("enum of %d values: %w", len(e.Values), ErrDefinition)
	}
	return e.Values[0].Value, nil
}

// size reads a size in bytes. Where the type was given too, both have to agree.
func (r *structReader) size(m *btf.Member, size *uint32, have *bool) error {
	n, err := number(m.Type)
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
func (r *structReader) typed(m *btf.Member, typ *btf.Type, size *uint32, have *bool) error {
	p, ok := btf.As[*btf.Pointer](m.Type)
	if !ok {
		return ErrNotPointer
	}
	n, err := btf.Sizeof(p.Target)
	if err != nil {
		return fmt.Errorf("size of %v: %w: %w", p.Target, err, ErrDefinition)
	}
	if n < 0 || uint64(n) > math.MaxUint32 {
		return fmt.Errorf("type of %d bytes: %w", n, ErrDefinition)
	}
	*typ = p.Target
	return agree(uint32(n), size, have)
}

func (r *structReader) pinning(m *btf.Member) error {
	n, err := number(m.Type)
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

func (r *structReader) unknown(m *btf.Member) error {
	if !r.relax {
		return ErrUnknownField
	}
	f := Field{Name: m.Name, Type: m.Type, Offset: m.Offset.Bytes()}
	if n, err := btf.Sizeof(m.Type); err == nil && m.BitfieldSize == 0 {
		if end := uint64(f.Offset) + uint64(n); end <= uint64(len(r.def.Raw)) {
			f.Raw = r.def.Raw[f.Offset:end]
		}
	}
	r.def.Unknown = append(r.def.Unknown, f)
	return nil
}
