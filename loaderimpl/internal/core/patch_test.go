// SPDX-License-Identifier: Apache-2.0

package core

import (
	"encoding/binary"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/objfile"
)

// TestInstructionsArePatched writes what relocations become into instructions, as bytes of a
// little-endian machine. An empty want is a refusal.
func TestInstructionsArePatched(t *testing.T) {
	const (
		mov      = "b7 01 0000 04000000"                   // r1 = 4
		mov32    = "b4 01 0000 04000000"                   // w1 = 4
		add      = "07 01 0000 04000000"                   // r1 += 4
		wide     = "18 01 0000 04000000 00000000 00000000" // r1 = 4 ll
		load     = "61 21 0400 00000000"                   // r1 = *(u32 *)(r2 + 4)
		store    = "63 21 0400 00000000"                   // *(u32 *)(r1 + 4) = r2
		constant = "62 01 0400 07000000"                   // *(u32 *)(r1 + 4) = 7
		bad      = "85000000 1023ad0b"                     // call 195896080
	)
	to := func(value uint64) Result { return Result{Original: 4, Value: value, Checked: true} }
	sized := func(from, to access) Result {
		return Result{Original: 4, Value: 8, Checked: true, from: from, to: to}
	}
	u, s, p := func(n uint32) access { return access{size: n, unsigned: true} }, func(n uint32) access { return access{size: n} },
		func(n uint32) access { return access{size: n, pointer: true} }
	poisoned := Result{Poisoned: true}
	for _, c := range []struct {
		name, code string
		result     Result
		want       string
	}{
		{"mov", mov, to(9), "b7 01 0000 09000000"},
		{"mov of less than nothing", mov, to(1<<64 - 2), "b7 01 0000 feffffff"},
		{"mov of too much", mov, to(1 << 31), ""},
		{"mov of 32 bits", mov32, to(1<<32 - 1), "b4 01 0000 ffffffff"},
		{"mov of more than 32 bits", mov32, to(1 << 32), ""},
		{"add", add, to(9), "07 01 0000 09000000"},
		{"another number", mov, Result{Original: 5, Value: 9, Checked: true}, ""},
		{"another number that is not checked", mov, Result{Original: 5, Value: 9}, "b7 01 0000 09000000"},
		{"add of a register", "0f 21 0000 00000000", to(9), ""},
		{"wide", wide, to(1<<40 + 9), "18 01 0000 09000000 00000000 00010000"},
		{"wide of another number", wide, Result{Original: 4 + 1<<32, Value: 9, Checked: true}, ""},
		{"wide that refers to a map", "18 11 0000 04000000 00000000 00000000", to(9), ""},
		{"wide with an offset", "18 01 0100 04000000 00000000 00000000", to(9), ""},
		{"wide with another half", "18 01 0000 04000000 b7000000 00000000", to(9), ""},
		{"wide without the other half", "18 01 0000 04000000", to(9), ""},
		{"load", load, to(9), "61 21 0900 00000000"},
		{"load from too far", load, to(1 << 15), ""},
		{"load of more", load, sized(u(4), u(8)), "79 21 0800 00000000"},
		{"load of less", load, sized(u(4), u(2)), "69 21 0800 00000000"},
		{"load of a byte", load, sized(u(4), u(1)), "71 21 0800 00000000"},
		{"load of a pointer", "79 21 0400 00000000", sized(p(8), p(4)), "61 21 0800 00000000"},
		{"load with a sign", load, sized(s(4), s(8)), bad},
		{"load with a sign of theirs", load, sized(u(4), s(8)), bad},
		{"load of a number instead of a pointer", load, sized(p(4), u(8)), bad},
		{"load of another size", "79 21 0400 00000000", sized(u(4), u(8)), ""},
		{"load of no size", load, sized(u(4), u(3)), ""},
		{"store", store, sized(u(4), u(8)), "7b 21 0800 00000000"},
		{"constant", constant, sized(u(4), u(1)), "72 01 0800 07000000"},
		{"mov of a field with a sign", mov, sized(s(4), s(8)), "b7 01 0000 08000000"},
		{"jump", "05 00 0400 00000000", to(9), ""},
		{"load of the packet", "30 00 0000 04000000", to(9), ""},
		{"poisoned", mov, poisoned, bad},
		{"poisoned load", load, poisoned, bad},
		{"poisoned wide", wide, poisoned, bad + bad},
		{"poisoned jump", "05 00 0400 00000000", poisoned, bad},
	} {
		for _, order := range []objfile.ByteOrder{binary.LittleEndian, binary.BigEndian} {
			code, want := insns(t, c.code, order), insns(t, c.want, order)
			r := c.result
			err := r.Patch(order, code)
			switch {
			case c.want == "" && err == nil:
				t.Errorf("%s, %v: % x, want an error", c.name, order, code)
			case c.want != "" && (err != nil || string(code) != string(want)):
				t.Errorf("%s, %v: % x, %v, want % x", c.name, order, code, err, want)
			}
		}
	}
}

// insns reads instructions as a little-endian machine has them, and returns them as a machine of
// the order does.
func insns(t *testing.T, text string, order objfile.ByteOrder) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	if order == objfile.ByteOrder(binary.LittleEndian) {
		return b
	}
	for i := 0; i < len(b); i += objfile.InsnSize {
		b[i+1] = b[i+1]>>4 | b[i+1]<<4
		b[i+2], b[i+3] = b[i+3], b[i+2]
		order.PutUint32(b[i+4:], binary.LittleEndian.Uint32(b[i+4:]))
	}
	return b
}
