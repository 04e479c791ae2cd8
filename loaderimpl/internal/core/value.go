// SPDX-License-Identifier: Apache-2.0

package core

import (
	"encoding/binary"
	"fmt"

	"github.com/cilium/ebpf/btf"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/objfile"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/typeinfo"
)

// A number says what a relocation is in the object's types, or in the kernel's.
type number struct {
	value  uint64
	access access
	exact  bool // the compiler computes the same number, so an instruction can be held to it
	absent bool // the part is not there, and there is no number for that
}

// An access says what memory an instruction reaches that has the offset of a field.
type access struct {
	size     uint32 // bytes; 0 where there is no such memory, as for a bitfield
	pointer  bool
	unsigned bool // an integer without a sign
}

// numberOf computes the number of a path, or, with a nil path, of one that the kernel's types do
// not have (bpf_core_calc_relo).
func numberOf(k Kind, p *path) (number, error) {
	switch {
	case k.ofField():
		return fieldNumber(k, p)
	case k.ofEnum():
		return enumNumber(k, p)
	}
	return typeNumber(k, p)
}

// typeNumber computes the number of a type as a whole. It is 0 for one that is not there, also if a
// size or an id was asked for (bpf_core_calc_type_relo).
func typeNumber(k Kind, p *path) (number, error) {
	if p == nil {
		return number{exact: true}, nil
	}
	switch k {
	case TypeIDLocal, TypeIDTarget: // linkers give types other ids, and leave instructions alone
		return number{value: uint64(p.root)}, nil
	case TypeSize:
		size, err := p.types.SizeInKernel(p.root)
		return number{value: uint64(size), exact: true}, err
	}
	return number{value: 1, exact: true}, nil
}

// enumNumber computes the number of an enum's value.
func enumNumber(k Kind, p *path) (number, error) {
	switch {
	case k == EnumValueExists && p == nil:
		return number{exact: true}, nil
	case k == EnumValueExists:
		return number{value: 1, exact: true}, nil
	case p == nil:
		return number{absent: true}, nil
	}
	s := &p.steps[0]
	enum, err := p.types.Type(s.owner)
	if err != nil {
		return number{}, err
	}
	_, value, err := p.types.Enumerator(&enum, int(s.index))
	return number{value: value, exact: true}, err
}

// fieldNumber computes the number of a field (bpf_core_calc_field_relo).
func fieldNumber(k Kind, p *path) (number, error) {
	switch {
	case k == FieldExists && p == nil:
		return number{exact: true}, nil
	case k == FieldExists:
		return number{value: 1, exact: true}, nil
	case p == nil:
		return number{absent: true}, nil
	}
	last := &p.steps[len(p.steps)-1]
	if last.name == "" {
		return elementNumber(k, p, last.owner)
	}
	owner, err := p.types.Type(last.owner)
	if err != nil {
		return number{}, err
	}
	m, err := p.types.Member(&owner, int(last.index))
	if err != nil {
		return number{}, err
	}
	id, r, err := p.types.Plain(m.Type)
	if err != nil {
		return number{}, err
	}
	if k == FieldSigned {
		return number{value: sign(p.types, &r), exact: true}, nil
	}
	f := field{types: p.types, offset: p.bits, width: uint64(m.Width)}
	if m.Width != 0 {
		if f.unit, err = bitfieldUnit(p.bits, &m, &r); err != nil {
			return number{}, err
		}
		return f.number(k), nil
	}
	size, err := p.types.SizeInKernel(id)
	if err != nil {
		return number{}, err
	}
	if size > 8 && (k == FieldLShiftU64 || k == FieldRShiftU64) {
		return number{}, bad("%v of %d bytes", k, size)
	}
	f.unit.offset, f.unit.size, f.width = p.bits/8, uint64(size), 8*uint64(size)
	n := f.number(k)
	if n.exact = true; k == FieldByteOffset {
		n.access, err = accessTo(p.types, id)
	}
	return n, err
}

// elementNumber computes the number of an element of an array, which has an offset and a size.
func elementNumber(k Kind, p *path, id btf.TypeID) (number, error) {
	switch k {
	case FieldByteOffset:
		a, err := accessTo(p.types, id)
		return number{value: p.bits / 8, access: a, exact: true}, err
	case FieldByteSize:
		size, err := p.types.SizeInKernel(id)
		return number{value: uint64(size), exact: true}, err
	}
	return number{}, bad("%v of an element", k)
}

// A unit says by what memory a field is read.
type unit struct{ offset, size uint64 } // bytes

// bitfieldUnit finds the smallest memory, of a size that a load has, which a bitfield lies in. It
// is not smaller than the bitfield's type.
func bitfieldUnit(bits uint64, m *typeinfo.Member, r *typeinfo.Record) (unit, error) {
	size := uint64(r.Size)
	if r.Kind != typeinfo.KindInt && !isEnum(r) || size != 1 && size != 2 && size != 4 && size != 8 {
		return unit{}, fmt.Errorf("bitfield %s is of %v, %d bytes: %w", m.Name, r.Kind, size,
			refuse.ErrRelocation)
	}
	for ; size <= 8; size *= 2 {
		if offset := bits / 8 / size * size; bits+uint64(m.Width) <= 8*(offset+size) {
			return unit{offset, size}, nil
		}
	}
	return unit{}, fmt.Errorf("bitfield %s does not lie in 8 bytes that a load can have: %w", m.Name,
		refuse.ErrRelocation)
}

// A field says where a field is, to be read by loads of its unit.
type field struct {
	types         *typeinfo.Types
	offset, width uint64 // bits
	unit          unit
}

// number computes a field's number. Those of a bitfield are not exact, as the compiler may read it
// by another unit.
func (f *field) number(k Kind) number {
	switch k {
	case FieldByteOffset:
		return number{value: f.unit.offset}
	case FieldByteSize:
		return number{value: f.unit.size}
	case FieldLShiftU64:
		from := f.offset - 8*f.unit.offset
		if f.types.Order() == objfile.ByteOrder(binary.BigEndian) {
			return number{value: (8-f.unit.size)*8 + from}
		}
		return number{value: 64 - (from + f.width)}
	}
	return number{value: 64 - f.width, exact: true} // FieldRShiftU64
}

// sign returns 1 for an integer or enum that has a sign, else 0.
func sign(t *typeinfo.Types, r *typeinfo.Record) uint64 {
	if isEnum(r) && r.Flag() {
		return 1
	}
	if r.Kind == typeinfo.KindInt {
		if encoding, _ := t.Encoding(r); encoding&typeinfo.Signed != 0 {
			return 1
		}
	}
	return 0
}

// accessTo returns what memory a field of a type is; of an array it is an element.
func accessTo(t *typeinfo.Types, id btf.TypeID) (access, error) {
	_, r, err := t.Plain(id)
	if err != nil {
		return access{}, err
	}
	a := access{pointer: r.Kind == typeinfo.KindPtr}
	if r.Kind == typeinfo.KindInt {
		encoding, _ := t.Encoding(&r)
		a.unsigned = encoding != typeinfo.Signed
	}
	for dimensions := 0; r.Kind == typeinfo.KindArray; dimensions++ {
		if dimensions > maxSteps {
			return access{}, fmt.Errorf("array of more than %d dimensions: %w", maxSteps,
				refuse.ErrBTF)
		}
		elem, _ := t.Element(&r)
		if id, r, err = t.Plain(elem); err != nil {
			return access{}, err
		}
	}
	a.size, err = t.SizeInKernel(id)
	return a, err
}
