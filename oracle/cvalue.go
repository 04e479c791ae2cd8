// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/cilium/ebpf/btf"
	"golang.org/x/sys/unix"
)

// cMember writes the value of a member of a struct in C. The bytes are those of the whole struct.
func cMember(m btf.Member, data []byte) string {
	if m.BitfieldSize > 0 {
		return bitfield(m, data)
	}
	bits, err := memberBytes(m, data)
	if err != nil {
		return fmt.Sprintf("/* %v */", err)
	}
	return cValue(m.Type, bits)
}

// memberBytes returns the bytes of a member, of a bitfield all that it touches.
func memberBytes(m btf.Member, data []byte) ([]byte, error) {
	begin, end := uint64(m.Offset)/8, (uint64(m.Offset)+uint64(m.BitfieldSize)+7)/8
	if m.BitfieldSize == 0 {
		size, err := btf.Sizeof(m.Type)
		if err != nil {
			return nil, fmt.Errorf("size of %s: %w", m.Name, err)
		}
		end = begin + uint64(size)
	}
	if end > uint64(len(data)) {
		return nil, fmt.Errorf("%s ends at byte %d of %d", m.Name, end, len(data))
	}
	return data[begin:end], nil
}

// bitfield writes a member of some bits. It is read bit by bit, as its bits lie in each byte order.
func bitfield(m btf.Member, data []byte) string {
	little := binary.NativeEndian.Uint16([]byte{1, 0}) == 1
	var value uint64
	for i := range uint64(m.BitfieldSize) {
		at := uint64(m.Offset) + i
		if at/8 >= uint64(len(data)) {
			return fmt.Sprintf("/* bit %d of %d bytes */", at, len(data))
		}
		if little {
			value |= uint64(data[at/8]>>(at%8)&1) << i
		} else {
			value = value<<1 | uint64(data[at/8]>>(7-at%8)&1)
		}
	}
	return strconv.FormatUint(value, 10)
}

// cValue writes a value of a type in C, as in an initializer. The bytes are in the host's order, as
// many as the type has.
func cValue(t btf.Type, data []byte) string {
	switch t := btf.UnderlyingType(t).(type) {
	case *btf.Int:
		return cInt(t, data)
	case *btf.Enum:
		return cEnum(t, data)
	case *btf.Pointer:
		if allZero(data) {
			return "NULL"
		}
		return fmt.Sprintf("0x%x", unsigned(data))
	case *btf.Float:
		switch len(data) {
		case 4:
			return fmt.Sprint(math.Float32frombits(uint32(unsigned(data))))
		case 8:
			return fmt.Sprint(math.Float64frombits(unsigned(data)))
		}
	case *btf.Array:
		return cArray(t, data)
	case *btf.Struct:
		return cMembersOf(t.Members, data)
	case *btf.Union:
		return cUnion(t, data)
	}
	return cBytes(data)
}

func cInt(t *btf.Int, data []byte) string {
	if len(data) > 8 {
		return cBytes(data)
	}
	value := unsigned(data)
	switch {
	case t.Encoding == btf.Bool && value <= 1:
		return strconv.FormatBool(value == 1)
	case t.Encoding == btf.Signed || t.Encoding == btf.Char:
		return strconv.FormatInt(signed(data), 10)
	}
	return strconv.FormatUint(value, 10)
}

// cEnum writes an enumerator by name, or the number where none has it.
func cEnum(t *btf.Enum, data []byte) string {
	value := unsigned(data)
	for _, v := range t.Values {
		if v.Value == value || t.Signed && int64(v.Value) == signed(data) {
			return v.Name
		}
	}
	if t.Signed {
		return strconv.FormatInt(signed(data), 10)
	}
	return strconv.FormatUint(value, 10)
}

// cArray writes an array of characters as a string where it is one, and others element by element.
func cArray(t *btf.Array, data []byte) string {
	if _, ok := charArray(t); ok {
		if text := unix.ByteSliceToString(data); allZero(data[len(text):]) {
			return strconv.QuoteToASCII(text)
		}
	}
	if allZero(data) || t.Nelems == 0 || uint32(len(data))%t.Nelems != 0 {
		return cBytes(data)
	}
	size := uint32(len(data)) / t.Nelems
	var elements []string
	for at := uint32(0); at < uint32(len(data)); at += size {
		elements = append(elements, cValue(t.Type, data[at:at+size]))
	}
	return "{ " + strings.Join(elements, ", ") + " }"
}

// cMembersOf writes the members of a struct that are not zero.
func cMembersOf(members []btf.Member, data []byte) string {
	var written []string
	for _, m := range members {
		if bits, err := memberBytes(m, data); err == nil && allZero(bits) {
			continue
		}
		value := cMember(m, data)
		if m.Name != "" {
			value = "." + m.Name + " = " + value
		}
		written = append(written, value)
	}
	if len(written) == 0 {
		return "{}"
	}
	return "{ " + strings.Join(written, ", ") + " }"
}

// cUnion writes the largest member of a union, as an initializer has one.
func cUnion(t *btf.Union, data []byte) string {
	var largest []btf.Member
	most := -1
	for _, m := range t.Members {
		if size, err := btf.Sizeof(m.Type); err == nil && size > most {
			largest, most = []btf.Member{m}, size
		}
	}
	return cMembersOf(largest, data)
}

// cBytes writes bytes whose type says nothing.
func cBytes(data []byte) string {
	if allZero(data) {
		return "{}"
	}
	written := make([]string, len(data))
	for i, b := range data {
		written[i] = fmt.Sprintf("0x%02x", b)
	}
	return "{ " + strings.Join(written, ", ") + " }"
}

// unsigned returns the number of at most 8 bytes.
func unsigned(data []byte) uint64 {
	switch len(data) {
	case 1:
		return uint64(data[0])
	case 2:
		return uint64(binary.NativeEndian.Uint16(data))
	case 4:
		return uint64(binary.NativeEndian.Uint32(data))
	case 8:
		return binary.NativeEndian.Uint64(data)
	}
	return 0
}

// signed returns the number of at most 8 bytes in two's complement.
func signed(data []byte) int64 {
	shift := 64 - 8*len(data)
	return int64(unsigned(data)<<shift) >> shift
}

// charArray returns the length of an array of characters, and whether the type is one.
func charArray(t btf.Type) (int, bool) {
	array, ok := btf.UnderlyingType(t).(*btf.Array)
	if !ok {
		return 0, false
	}
	element, ok := btf.UnderlyingType(array.Type).(*btf.Int)
	isChar := ok && element.Size == 1 && (element.Name == "char" || element.Encoding == btf.Char)
	return int(array.Nelems), isChar
}

func allZero(data []byte) bool {
	for _, b := range data {
		if b != 0 {
			return false
		}
	}
	return true
}
