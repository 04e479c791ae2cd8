// SPDX-License-Identifier: Apache-2.0

package metadata

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/cilium/ebpf/btf"
)

// A Value is what a variable holds, by its type: a bool, an int64 or uint64, a float64, a string
// for an array of characters that ends in zeros, an enumerator or a float that is no number,
// [Items] for any other array and for bytes of no known type, or [Members] for a struct or a union.
type Value any

// Items are the elements of an array.
type Items []Value

// Members are those of a struct, or all of a union, in their order. In JSON they are one object.
type Members []Member

// A Member is one member of a struct or union.
type Member struct {
	Name  string
	Value Value
}

// MarshalJSON writes an object whose members keep their order.
func (m Members) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, member := range m {
		if i > 0 {
			b.WriteByte(',')
		}
		name, err := json.Marshal(member.Name)
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(member.Value)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", member.Name, err)
		}
		b.Write(name)
		b.WriteByte(':')
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// Text returns a value in one line for people, in C as far as C writes it: strings in quotes, with
// all that is not ASCII escaped.
func Text(v Value) string {
	switch v := v.(type) {
	case string:
		return strconv.QuoteToASCII(v)
	case Items:
		each := make([]string, len(v))
		for i, item := range v {
			each[i] = Text(item)
		}
		return "{" + strings.Join(each, ", ") + "}"
	case Members:
		each := make([]string, len(v))
		for i, m := range v {
			each[i] = "." + m.Name + " = " + Text(m.Value)
		}
		return "{" + strings.Join(each, ", ") + "}"
	}
	return fmt.Sprint(v)
}

// valueOf reads a value of a type.
func valueOf(t btf.Type, data []byte, order binary.ByteOrder) Value {
	switch t := btf.UnderlyingType(t).(type) {
	case *btf.Int:
		return intOf(t, data, order)
	case *btf.Enum:
		return enumOf(t, data, order)
	case *btf.Float:
		return floatOf(data, order)
	case *btf.Pointer:
		if n, fits := unsigned(data, order); fits {
			return n
		}
	case *btf.Array:
		return arrayOf(t, data, order)
	case *btf.Struct:
		return membersOf(t.Members, data, order)
	case *btf.Union:
		return membersOf(t.Members, data, order)
	}
	return bytesOf(data)
}

// unsigned returns the number of 1, 2, 4 or 8 bytes, and whether there are so many.
func unsigned(data []byte, order binary.ByteOrder) (uint64, bool) {
	switch len(data) {
	case 1:
		return uint64(data[0]), true
	case 2:
		return uint64(order.Uint16(data)), true
	case 4:
		return uint64(order.Uint32(data)), true
	case 8:
		return order.Uint64(data), true
	}
	return 0, false
}

// extended returns a number of so many bits in two's complement.
func extended(n uint64, bits int) int64 { return int64(n<<(64-bits)) >> (64 - bits) }

func intOf(t *btf.Int, data []byte, order binary.ByteOrder) Value {
	n, fits := unsigned(data, order)
	switch {
	case !fits:
		return bytesOf(data)
	case t.Encoding == btf.Bool && n <= 1:
		return n == 1
	case t.Encoding == btf.Signed || t.Encoding == btf.Char:
		return extended(n, 8*len(data))
	}
	return n
}

// enumOf returns the name of an enumerator, and the number where none has it.
func enumOf(t *btf.Enum, data []byte, order binary.ByteOrder) Value {
	n, fits := unsigned(data, order)
	if !fits {
		return bytesOf(data)
	}
	signed := extended(n, 8*len(data))
	for _, v := range t.Values {
		if v.Value == n || t.Signed && int64(v.Value) == signed {
			return v.Name
		}
	}
	if t.Signed {
		return signed
	}
	return n
}

// floatOf reads a number. JSON has none that is infinite or none at all.
func floatOf(data []byte, order binary.ByteOrder) Value {
	var f float64
	switch len(data) {
	case 4:
		f = float64(math.Float32frombits(order.Uint32(data)))
	case 8:
		f = math.Float64frombits(order.Uint64(data))
	default:
		return bytesOf(data)
	}
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return strconv.FormatFloat(f, 'g', -1, 64)
	}
	return f
}

func arrayOf(t *btf.Array, data []byte, order binary.ByteOrder) Value {
	if element, is := btf.UnderlyingType(t.Type).(*btf.Int); is && element.Size == 1 &&
		(element.Name == "char" || element.Encoding == btf.Char) {
		text := bytes.TrimRight(data, "\x00")
		if utf8.Valid(text) && !bytes.ContainsRune(text, 0) {
			return string(text)
		}
	}
	size, err := btf.Sizeof(t.Type)
	if err != nil || size == 0 || len(data) != size*int(t.Nelems) {
		return bytesOf(data)
	}
	items := Items{}
	for ; len(data) > 0; data = data[size:] {
		items = append(items, valueOf(t.Type, data[:size], order))
	}
	return items
}

// membersOf reads the members of a struct or union. Those of a member without a name are members
// of what it is in, as in C.
func membersOf(members []btf.Member, data []byte, order binary.ByteOrder) Value {
	all := Members{}
	for _, m := range members {
		value := memberOf(m, data, order)
		inner, nested := value.(Members)
		if m.Name == "" && nested {
			all = append(all, inner...)
			continue
		}
		if m.Name != "" { // bits without a name are padding
			all = append(all, Member{m.Name, value})
		}
	}
	return all
}

// memberOf reads one member; nothing of it where it ends beyond the struct.
func memberOf(m btf.Member, data []byte, order binary.ByteOrder) Value {
	if m.BitfieldSize > 0 {
		return bitsOf(m, data, order)
	}
	size, err := btf.Sizeof(m.Type)
	begin := uint64(m.Offset) / 8
	if err != nil || begin+uint64(size) > uint64(len(data)) {
		return Items{}
	}
	return valueOf(m.Type, data[begin:begin+uint64(size)], order)
}

// bitsOf reads a bitfield bit by bit, as its bits lie in each byte order.
func bitsOf(m btf.Member, data []byte, order binary.ByteOrder) Value {
	little := order.Uint16([]byte{1, 0}) == 1
	var n uint64
	for i := range uint64(m.BitfieldSize) {
		at := uint64(m.Offset) + i
		if at/8 >= uint64(len(data)) || m.BitfieldSize > 64 {
			return Items{}
		}
		if little {
			n |= uint64(data[at/8]>>(at%8)&1) << i
		} else {
			n = n<<1 | uint64(data[at/8]>>(7-at%8)&1)
		}
	}
	if t, is := btf.UnderlyingType(m.Type).(*btf.Int); is {
		switch {
		case t.Encoding == btf.Bool && n <= 1:
			return n == 1
		case t.Encoding == btf.Signed:
			return extended(n, int(m.BitfieldSize))
		}
	}
	return n
}

// bytesOf returns bytes whose type says nothing.
func bytesOf(data []byte) Value {
	items := Items{}
	for _, b := range data {
		items = append(items, uint64(b))
	}
	return items
}
