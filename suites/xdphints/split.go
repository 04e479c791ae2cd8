// SPDX-License-Identifier: Apache-2.0

package xdphints

import (
	"encoding/binary"
	"fmt"
	"os"
	"sync"
)

// Kinds of BTF (include/uapi/linux/btf.h) that say which other types a type refers to.
const (
	kindInt = iota + 1
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
)

// Sizes in BTF, in bytes.
const (
	btfMagic  = 0xeb9f
	btfHeader = 24
	btfType   = 12 // a type without what follows it
	btfMember = 12 // of a structure
)

// btfOrder has the byte order of what the suite reads and writes.
var btfOrder = binary.NativeEndian

// A blob holds raw BTF by its parts.
type blob struct{ types, strings []byte }

// parse takes raw BTF apart.
func parse(raw []byte) (blob, error) {
	if len(raw) < btfHeader || btfOrder.Uint16(raw) != btfMagic {
		return blob{}, fmt.Errorf("%d bytes are no BTF", len(raw))
	}
	part := func(at int) ([]byte, error) {
		from := uint64(btfOrder.Uint32(raw[4:])) + uint64(btfOrder.Uint32(raw[at:]))
		to := from + uint64(btfOrder.Uint32(raw[at+4:]))
		if to > uint64(len(raw)) {
			return nil, fmt.Errorf("BTF has %d bytes, and a part that ends at %d", len(raw), to)
		}
		return raw[from:to], nil
	}
	types, err := part(8)
	if err != nil {
		return blob{}, err
	}
	strings, err := part(16)
	return blob{types, strings}, err
}

// raw puts BTF together.
func (b blob) raw() []byte {
	var raw []byte
	raw = btfOrder.AppendUint16(raw, btfMagic)
	raw = append(raw, 1, 0) // version, flags
	types, strings := uint32(len(b.types)), uint32(len(b.strings))
	for _, n := range []uint32{btfHeader, 0, types, types, strings} {
		raw = btfOrder.AppendUint32(raw, n)
	}
	return append(append(raw, b.types...), b.strings...)
}

// sizeOf returns how many bytes a type has, by the word that says its kind and how much follows it.
func sizeOf(info uint32) (int, error) {
	count := int(info & 0xffff)
	switch kind(info) {
	case kindInt, kindVar, kindDeclTag:
		return btfType + 4, nil
	case kindArray:
		return btfType + 12, nil
	case kindStruct, kindUnion, kindDatasec, kindEnum64:
		return btfType + btfMember*count, nil
	case kindEnum, kindFuncProto:
		return btfType + 8*count, nil
	case kindPtr, kindFwd, kindTypedef, kindVolatile, kindConst, kindRestrict, kindFunc, kindFloat,
		kindTypeTag:
		return btfType, nil
	}
	return 0, fmt.Errorf("BTF of an unknown kind, %d", kind(info))
}

func kind(info uint32) uint32 { return info >> 24 & 0x1f }

// each calls do with the types of BTF, which may change them.
func (b blob) each(do func(t []byte)) error {
	for rest := b.types; len(rest) > 0; {
		if len(rest) < btfType {
			return fmt.Errorf("BTF ends within a type")
		}
		size, err := sizeOf(btfOrder.Uint32(rest[4:]))
		if err != nil {
			return err
		}
		if size > len(rest) {
			return fmt.Errorf("BTF ends within a type")
		}
		do(rest[:size])
		rest = rest[size:]
	}
	return nil
}

// name returns the string at an offset.
func (b blob) name(at uint32) string {
	if uint64(at) >= uint64(len(b.strings)) {
		return ""
	}
	end := at
	for int(end) < len(b.strings) && b.strings[end] != 0 {
		end++
	}
	return string(b.strings[at:end])
}

// A number says what a type of kind int is.
type number struct {
	name string
	size uint32
	info uint32 // encoding, offset, bits
}

// A base holds what split BTF needs to know of the types that it goes on from.
type base struct {
	types   uint32            // how many, without void
	strings uint32            // how many bytes
	numbers map[number]uint32 // types of kind int, by their ids
}

// newBase reads raw BTF that is whole.
func newBase(raw []byte) (*base, error) {
	b, err := parse(raw)
	if err != nil {
		return nil, err
	}
	of := &base{strings: uint32(len(b.strings)), numbers: map[number]uint32{}}
	err = b.each(func(t []byte) {
		of.types++
		if kind(btfOrder.Uint32(t[4:])) == kindInt {
			of.numbers[numberOf(b, t)] = of.types
		}
	})
	return of, err
}

func numberOf(b blob, t []byte) number {
	return number{b.name(btfOrder.Uint32(t)), btfOrder.Uint32(t[8:]), btfOrder.Uint32(t[btfType:])}
}

// kernelBase reads the running kernel's types once.
var kernelBase = sync.OnceValues(func() (*base, error) {
	raw, err := os.ReadFile("/sys/kernel/btf/vmlinux")
	if err != nil {
		return nil, err
	}
	return newBase(raw)
})

// split turns BTF that is whole into one that goes on from a base, as a module has it: ids and
// strings go on from those of the base, and what the base has is not there again. It returns the
// ids of structures by their names, too. Variables are left out.
func (of *base) split(raw []byte) (split []byte, ids map[string]uint32, err error) {
	whole, err := parse(raw)
	if err != nil {
		return nil, nil, err
	}
	// Where each type is then.
	moved, kept := []uint32{0}, uint32(0)
	ids = map[string]uint32{}
	err = whole.each(func(t []byte) {
		switch of.place(whole, t) {
		case left:
			moved = append(moved, 0)
		case inBase:
			moved = append(moved, of.numbers[numberOf(whole, t)])
		case here:
			kept++
			moved = append(moved, of.types+kept)
			if kind(btfOrder.Uint32(t[4:])) == kindStruct {
				ids[whole.name(btfOrder.Uint32(t))] = of.types + kept
			}
		}
	})
	if err != nil {
		return nil, nil, err
	}
	out := blob{strings: whole.strings[1:]} // the empty string is the base's
	err = whole.each(func(t []byte) {
		if of.place(whole, t) != here {
			return
		}
		start := len(out.types)
		out.types = append(out.types, t...)
		of.move(out.types[start:], moved)
	})
	return out.raw(), ids, err
}

// What becomes of a type.
type where int

const (
	here where = iota
	inBase
	left
)

func (of *base) place(whole blob, t []byte) where {
	switch kind(btfOrder.Uint32(t[4:])) {
	case kindVar, kindDatasec:
		return left
	case kindInt:
		if _, has := of.numbers[numberOf(whole, t)]; has {
			return inBase
		}
	}
	return here
}

// move changes the strings and types that a type refers to.
func (of *base) move(t []byte, moved []uint32) {
	text := func(at int) {
		if n := btfOrder.Uint32(t[at:]); n != 0 {
			btfOrder.PutUint32(t[at:], of.strings+n-1)
		}
	}
	id := func(at int) { btfOrder.PutUint32(t[at:], moved[btfOrder.Uint32(t[at:])]) }
	text(0)
	switch kind(btfOrder.Uint32(t[4:])) {
	case kindPtr, kindTypedef, kindVolatile, kindConst, kindRestrict, kindFunc, kindDeclTag,
		kindTypeTag:
		id(8)
	case kindFuncProto:
		id(8)
		for at := btfType; at < len(t); at += 8 {
			text(at)
			id(at + 4)
		}
	case kindArray:
		id(btfType)
		id(btfType + 4)
	case kindStruct, kindUnion:
		for at := btfType; at < len(t); at += btfMember {
			text(at)
			id(at + 4)
		}
	case kindEnum:
		for at := btfType; at < len(t); at += 8 {
			text(at)
		}
	case kindEnum64:
		for at := btfType; at < len(t); at += btfMember {
			text(at)
		}
	}
}
