// SPDX-License-Identifier: Apache-2.0

package xdphints

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"

	"github.com/cilium/ebpf/btf"
)

// The structure that programs ask for begins here in a packet (objects/include/meta.h).
const (
	metaAt   = 64
	metaMost = 192
	metaName = "loadstone_meta"
)

// A field holds what programs know of one that they ask for.
type field struct {
	path   string
	signed bool // a program sees its sign
	bits   bool // it has some bits only, and a program asks for its sign
}

// fields lists those of objects/xdphints/reader.bpf.c, by the places of its answers.
var fields = []field{
	{path: "stamp"}, {path: "hash"}, {path: "vlan"}, {path: "queue"},
	{path: "level", signed: true}, {path: "kind"}, {path: "ring"}, {path: "tag.outer"},
	{path: "tag.deep.high"}, {path: "slots[2]"}, {path: "tags[1].deep.low"}, {path: "first"},
	{path: "third"}, {path: "tag.deep.low"}, {path: "flags", bits: true}, {path: "drift", bits: true},
}

// A place says where types have a field.
type place struct {
	offset, size uint32 // in bits
	signed       bool
}

// find returns where a structure has the field of a path. It follows names alone: whether the field
// is of the kind that a program knows, a spec says.
func find(in btf.Type, path string) (place, error) {
	at := place{}
	for step := range strings.SplitSeq(path, ".") {
		name, number, indexed := strings.Cut(strings.TrimSuffix(step, "]"), "[")
		m, offset, ok := member(in, name)
		if !ok {
			return place{}, fmt.Errorf("no %s in %v", name, in)
		}
		at.offset += offset
		in = btf.UnderlyingType(m.Type)
		at.size = uint32(m.BitfieldSize)
		if indexed {
			n, err := strconv.ParseUint(number, 10, 32)
			array, is := in.(*btf.Array)
			if err != nil || !is {
				return place{}, fmt.Errorf("%s is no array: %v", name, in)
			}
			in = btf.UnderlyingType(array.Type)
			size, err := btf.Sizeof(in)
			if err != nil {
				return place{}, err
			}
			at.offset += uint32(n) * uint32(size) * 8
		}
	}
	if at.size == 0 {
		size, err := btf.Sizeof(in)
		if err != nil {
			return place{}, err
		}
		at.size = uint32(size) * 8
	}
	switch t := in.(type) {
	case *btf.Int:
		at.signed = t.Encoding == btf.Signed
	case *btf.Enum:
		at.signed = t.Signed
	}
	return at, nil
}

// member returns the member of a structure or union of that name, also of one without a name inside
// it, and its offset in bits.
func member(in btf.Type, name string) (m btf.Member, offset uint32, ok bool) {
	var members []btf.Member
	switch t := in.(type) {
	case *btf.Struct:
		members = t.Members
	case *btf.Union:
		members = t.Members
	}
	for _, m := range members {
		if m.Name == name {
			return m, uint32(m.Offset), true
		}
		if m.Name == "" {
			if inner, at, ok := member(btf.UnderlyingType(m.Type), name); ok {
				return inner, uint32(m.Offset) + at, true
			}
		}
	}
	return btf.Member{}, 0, false
}

// bit returns where a bit of a field is, counted from the lowest: a byte, and the bit in it.
func (p place) bit(number uint32) (at uint32, mask byte) {
	if binary.NativeEndian.Uint16([]byte{1, 0}) == 1 {
		at = p.offset + number
		return at / 8, 1 << (at % 8)
	}
	at = p.offset + p.size - 1 - number
	return at / 8, 0x80 >> (at % 8)
}

// put writes the lowest bits of a value where a field is.
func (p place) put(b []byte, value uint64) {
	for i := range p.size {
		at, mask := p.bit(i)
		b[at] &^= mask
		if value>>i&1 != 0 {
			b[at] |= mask
		}
	}
}

// get returns the bits of a field.
func (p place) get(b []byte) (value uint64) {
	for i := range p.size {
		if at, mask := p.bit(i); b[at]&mask != 0 {
			value |= 1 << i
		}
	}
	return value
}

// load returns the number that a program loads of that many bytes.
func load(b []byte, size uint64) uint64 {
	switch size {
	case 1:
		return uint64(b[0])
	case 2:
		return uint64(binary.NativeEndian.Uint16(b))
	case 4:
		return uint64(binary.NativeEndian.Uint32(b))
	}
	return binary.NativeEndian.Uint64(b)
}

// seen returns what a program sees of a value in a field: its lowest bits, with their sign.
func (p place) seen(value uint64, signed bool) uint64 {
	left := 64 - p.size
	if signed {
		return uint64(int64(value<<left) >> left)
	}
	return value << left >> left
}

// valueOf returns the value that a spec gives the field of a number. Its highest and lowest bit are
// set in any number of bits that a field has.
func valueOf(number int) uint64 {
	return 0xffff_ffff_ffff_ffff ^ uint64(number)<<1 ^ uint64(number)<<9
}
