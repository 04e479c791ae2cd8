// SPDX-License-Identifier: Apache-2.0

package elfedit

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
)

// The layout of BTF, from include/uapi/linux/btf.h: a header, type records, strings.
const (
	btfMagic = 0xeb9f // in the first two bytes

	btfVersionAt  = 2 // offsets in the header, in bytes
	btfHdrLenAt   = 4
	btfTypeOffAt  = 8
	btfTypeLenAt  = 12
	btfStrOffAt   = 16
	btfStrLenAt   = 20
	btfHeaderSize = 24

	btfNameAt   = 0 // offsets in a type record
	btfInfoAt   = 4
	btfTypeAt   = 8  // size, or the id of another type
	btfTypeSize = 12 // without what follows it, see [Kind.tail]
)

// Kind numbers the kinds of BTF types.
type Kind uint32

// The kinds that clang writes, from include/uapi/linux/btf.h.
const (
	Int       Kind = 1
	Pointer   Kind = 2
	Array     Kind = 3
	Struct    Kind = 4
	Union     Kind = 5
	Enum      Kind = 6
	Forward   Kind = 7
	Typedef   Kind = 8
	Volatile  Kind = 9
	Const     Kind = 10
	Restrict  Kind = 11
	Func      Kind = 12
	FuncProto Kind = 13
	Var       Kind = 14
	DataSec   Kind = 15
	Float     Kind = 16
	DeclTag   Kind = 17
	TypeTag   Kind = 18
	Enum64    Kind = 19
)

// tail returns how many bytes follow a type record of that kind with vlen elements.
func (k Kind) tail(vlen int) (int, error) {
	switch k {
	case Pointer, Forward, Typedef, Volatile, Const, Restrict, Func, Float, TypeTag:
		return 0, nil
	case Int, Var, DeclTag:
		return 4, nil
	case Array:
		return 12, nil
	case Struct, Union, DataSec, Enum64:
		return 12 * vlen, nil
	case Enum, FuncProto:
		return 8 * vlen, nil
	}
	return 0, fmt.Errorf("unknown kind %d", k)
}

// A typeRecord says where the BTF has a type.
type typeRecord struct {
	id   uint32
	at   int // offset in the section
	kind Kind
	name string
}

// btfTypes returns the types of .BTF in order, from id 1.
func btfTypes(order binary.ByteOrder, btf []byte) ([]typeRecord, error) {
	if len(btf) < btfHeaderSize || order.Uint16(btf) != btfMagic {
		return nil, errors.New("parse .BTF: no header")
	}
	size := uint64(order.Uint32(btf[btfHdrLenAt:]))
	typesAt := size + uint64(order.Uint32(btf[btfTypeOffAt:]))
	typesEnd := typesAt + uint64(order.Uint32(btf[btfTypeLenAt:]))
	strAt := size + uint64(order.Uint32(btf[btfStrOffAt:]))
	strEnd := strAt + uint64(order.Uint32(btf[btfStrLenAt:]))
	if typesEnd > uint64(len(btf)) || strEnd > uint64(len(btf)) {
		return nil, errors.New("parse .BTF: types or strings are outside it")
	}
	var all []typeRecord
	for at := int(typesAt); at < int(typesEnd); {
		if at+btfTypeSize > int(typesEnd) {
			return nil, fmt.Errorf("parse .BTF: type %d is cut off", len(all)+1)
		}
		info := order.Uint32(btf[at+btfInfoAt:])
		t := typeRecord{id: uint32(len(all) + 1), at: at, kind: Kind(info >> 24 & 0x1f)}
		nameAt := min(strAt+uint64(order.Uint32(btf[at+btfNameAt:])), strEnd)
		name, _, found := bytes.Cut(btf[nameAt:strEnd], []byte{0})
		if !found {
			return nil, fmt.Errorf("parse .BTF: name of type %d is outside the strings", t.id)
		}
		t.name = string(name)
		tail, err := t.kind.tail(int(info & 0xffff))
		if err != nil {
			return nil, fmt.Errorf("parse .BTF: type %d: %w", t.id, err)
		}
		at += btfTypeSize + tail
		all = append(all, t)
	}
	return all, nil
}

// onBTF returns an edit of one type of .BTF, chosen by kind and name.
func onBTF(
	kind Kind, name string, change func(f *file, btf *section, t typeRecord), format string, args ...any,
) Edit {
	return onFile(func(f *file) error {
		btf, err := f.section(".BTF")
		if err != nil {
			return err
		}
		all, err := btfTypes(f.order, btf.data)
		if err != nil {
			return err
		}
		for _, t := range all {
			if t.kind == kind && t.name == name {
				change(f, btf, t)
				return nil
			}
		}
		return fmt.Errorf("no type of kind %d named %q", kind, name)
	}, format, args...)
}

// RenameType gives a BTF type another name.
func RenameType(kind Kind, from, to string) Edit {
	return onBTF(kind, from, func(f *file, btf *section, t typeRecord) {
		name := f.addBTFString(btf, to) // may move btf.data
		f.order.PutUint32(btf.data[t.at+btfNameAt:], name)
	}, "rename btf type %s to %s", from, to)
}

// NamelessType removes the name of a BTF type.
func NamelessType(kind Kind, name string) Edit {
	return onBTF(kind, name, func(f *file, btf *section, t typeRecord) {
		f.order.PutUint32(btf.data[t.at+btfNameAt:], 0)
	}, "take the name of btf type %s", name)
}

// addBTFString appends a string to the strings, and moves their end. Clang writes the strings last.
func (f *file) addBTFString(btf *section, s string) (offset uint32) {
	offset = f.order.Uint32(btf.data[btfStrLenAt:])
	at := f.order.Uint32(btf.data[btfHdrLenAt:]) + f.order.Uint32(btf.data[btfStrOffAt:]) + offset
	btf.data = append(append(btf.data[:at], s...), 0)
	f.order.PutUint32(btf.data[btfStrLenAt:], offset+uint32(len(s))+1)
	return offset
}

// PointTypeAt makes a BTF type refer to the type with that id, which need not exist.
func PointTypeAt(kind Kind, name string, id uint32) Edit {
	return onBTF(kind, name, func(f *file, btf *section, t typeRecord) {
		f.order.PutUint32(btf.data[t.at+btfTypeAt:], id)
	}, "point btf type %s at type %d", name, id)
}

// PointTypeAtItself makes a BTF type refer to itself.
func PointTypeAtItself(kind Kind, name string) Edit {
	return onBTF(kind, name, func(f *file, btf *section, t typeRecord) {
		f.order.PutUint32(btf.data[t.at+btfTypeAt:], t.id)
	}, "point btf type %s at itself", name)
}

// TypeKind gives a BTF type another kind, which need not exist.
func TypeKind(kind Kind, name string, to Kind) Edit {
	return onBTF(kind, name, func(f *file, btf *section, t typeRecord) {
		info := f.order.Uint32(btf.data[t.at+btfInfoAt:])
		f.order.PutUint32(btf.data[t.at+btfInfoAt:], info&^(0x1f<<24)|uint32(to)<<24)
	}, "make btf type %s of kind %d", name, to)
}

// Field names a 32-bit field of the header of .BTF.
type Field struct {
	name string
	at   int
}

// The fields of the header that locate its parts, in bytes.
var (
	HeaderLength  = Field{"header length", btfHdrLenAt}
	TypesOffset   = Field{"types offset", btfTypeOffAt}
	TypesLength   = Field{"types length", btfTypeLenAt}
	StringsOffset = Field{"strings offset", btfStrOffAt}
	StringsLength = Field{"strings length", btfStrLenAt}
)

// BTFHeader sets a field of the header of .BTF.
func BTFHeader(field Field, to uint32) Edit {
	return onBTFHeader(func(order binary.ByteOrder, header []byte) {
		order.PutUint32(header[field.at:], to)
	}, "set btf %s to %#x", field.name, to)
}

// BTFMagic breaks the first bytes of .BTF, by which a loader knows it.
func BTFMagic() Edit {
	return onBTFHeader(func(order binary.ByteOrder, header []byte) {
		order.PutUint16(header, 0xdead)
	}, "break btf magic")
}

// BTFVersion sets the version of the format of .BTF. There is only version 1.
func BTFVersion(to uint8) Edit {
	return onBTFHeader(func(_ binary.ByteOrder, header []byte) {
		header[btfVersionAt] = to
	}, "set btf version to %d", to)
}

// onBTFHeader returns an edit of the header of .BTF.
func onBTFHeader(change func(order binary.ByteOrder, header []byte), format string, args ...any) Edit {
	return onFile(func(f *file) error {
		btf, err := f.section(".BTF")
		if err != nil {
			return err
		}
		if len(btf.data) < btfHeaderSize {
			return errors.New("parse .BTF: no header")
		}
		change(f.order, btf.data[:btfHeaderSize])
		return nil
	}, format, args...)
}
