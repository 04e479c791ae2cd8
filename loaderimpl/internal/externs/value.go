// SPDX-License-Identifier: Apache-2.0

package externs

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/cilium/ebpf/btf"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/objfile"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/typeinfo"
)

// A valueKind says which values an option of a type takes (libbpf, find_kcfg_type).
type valueKind uint8

// The kinds of values.
const (
	ofBool      valueKind = iota // y, n
	ofTristate                   // y, n, m: enum libbpf_tristate
	ofChar                       // y, n, m, or a number
	ofSigned                     // a number
	ofUnsigned                   // a number
	ofString                     // an array of char
	ofCharsSign                  // a char with a sign, as ofChar
)

// String returns the kind as an error names it.
func (k valueKind) String() string {
	return [...]string{"bool", "enum libbpf_tristate", "char", "signed integer", "unsigned integer",
		"array of char", "char"}[k]
}

// valueKindOf returns the kind of an option's values by its type.
func valueKindOf(types *typeinfo.Types, id btf.TypeID) (valueKind, error) {
	const signed, boolean = 1 << 0, 1 << 2 // BTF_INT_SIGNED, BTF_INT_BOOL
	_, r, err := types.Plain(id)
	if err != nil {
		return 0, err
	}
	switch r.Kind {
	case typeinfo.KindInt:
		encoding := types.Word(r.Data) >> 24
		sign := encoding&signed != 0
		switch {
		case encoding&boolean != 0 && r.Size == 1:
			return ofBool, nil
		case encoding&boolean != 0:
		case r.Size == 1 && sign:
			return ofCharsSign, nil
		case r.Size == 1:
			return ofChar, nil
		case r.Size != 2 && r.Size != 4 && r.Size != 8:
		case sign:
			return ofSigned, nil
		default:
			return ofUnsigned, nil
		}
	case typeinfo.KindEnum:
		if r.Name == "libbpf_tristate" && r.Size == 4 {
			return ofTristate, nil
		}
	case typeinfo.KindArray:
		elem, n := btf.TypeID(types.Word(r.Data)), types.Word(r.Data[8:])
		_, c, err := types.Plain(elem)
		if err != nil {
			return 0, err
		}
		if c.Kind == typeinfo.KindInt && c.Size == 1 && types.Word(c.Data)>>24&boolean == 0 &&
			n > 0 {
			return ofString, nil
		}
	}
	return 0, fmt.Errorf("%v %s: %w", r.Kind, r.Name, refuse.ErrOptionType)
}

// The values of enum libbpf_tristate (libbpf, bpf_helpers.h).
var tristates = map[string]uint64{"n": 0, "y": 1, "m": 2}

// encode writes the value that a configuration has for the option, as the object's programs read
// it, into data. The rules are libbpf's (bpf_object__process_kconfig_line).
func (e *Extern) encode(data []byte, text string, order objfile.ByteOrder) error {
	letter := text == "y" || text == "n" || text == "m"
	switch {
	case e.value == ofBool && letter && text != "m":
		return e.put(data, tristates[text], order)
	case e.value == ofTristate && letter:
		return e.put(data, tristates[text], order)
	case (e.value == ofChar || e.value == ofCharsSign) && letter:
		return e.put(data, uint64(text[0]), order)
	case e.value == ofString && len(text) >= 2 && text[0] == '"' && text[len(text)-1] == '"':
		// A string that is too long is cut, and always ends with a zero.
		s := text[1 : len(text)-1]
		clear(data)
		copy(data[:len(data)-1], s)
		return nil
	case e.value == ofBool, e.value == ofTristate, e.value == ofString:
		return fmt.Errorf("%s for %v: %w", quoted(text), e.value, refuse.ErrOptionValue)
	}
	n, negative, err := number(text)
	if err != nil {
		return fmt.Errorf("%s for %v: %w", quoted(text), e.value, err)
	}
	return e.encodeNumber(data, n, negative, order)
}

// encodeNumber writes a number.
func (e *Extern) encodeNumber(data []byte, n uint64, negative bool, order objfile.ByteOrder) error {
	most := uint64(math.MaxUint64) >> (64 - 8*e.Size)
	fits := !negative && n <= most
	switch e.value {
	case ofBool:
		fits = !negative && n <= 1
	case ofSigned, ofCharsSign:
		fits = n <= most>>1 || negative && n == most>>1+1
	case ofTristate, ofString:
		return fmt.Errorf("a number for %v: %w", e.value, refuse.ErrOptionValue)
	}
	if !fits {
		sign := ""
		if negative {
			sign = "-"
		}
		return fmt.Errorf("%s%d for %v of %d bytes: %w", sign, n, e.value, e.Size,
			refuse.ErrOptionValue)
	}
	if negative {
		n = -n
	}
	return e.put(data, n, order)
}

// number reads a number as strtoull does, whose base 0 the kernel's configurations are written for:
// decimal, hexadecimal after 0x, octal after 0.
func number(text string) (n uint64, negative bool, err error) {
	digits, negative := strings.CutPrefix(text, "-")
	if !negative {
		digits = strings.TrimPrefix(digits, "+")
	}
	base := 10
	if hex, is := strings.CutPrefix(strings.ToLower(digits), "0x"); is {
		base, digits = 16, hex
	} else if len(digits) > 1 && digits[0] == '0' {
		base = 8
	}
	if n, err = strconv.ParseUint(digits, base, 64); err != nil {
		return 0, false, refuse.ErrOptionValue
	}
	return n, negative, nil
}

// put writes a number of the option's size.
func (e *Extern) put(data []byte, n uint64, order objfile.ByteOrder) error {
	switch len(data) {
	case 1:
		data[0] = byte(n)
	case 2:
		order.PutUint16(data, uint16(n))
	case 4:
		order.PutUint32(data, uint32(n))
	default:
		order.PutUint64(data, n)
	}
	return nil
}

// quoted returns a text for an error, cut where it is long.
func quoted(text string) string {
	const most = 60
	if len(text) > most {
		text = text[:most] + "..."
	}
	return strconv.Quote(text)
}
