// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"encoding/binary"
	"testing"

	"github.com/cilium/ebpf/btf"
)

func bytesOf(t *testing.T, value any) []byte {
	t.Helper()
	b, err := binary.Append(nil, binary.NativeEndian, value)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestValuesAreWrittenInC(t *testing.T) {
	u32 := &btf.Int{Name: "unsigned int", Size: 4}
	s32 := &btf.Int{Name: "int", Size: 4, Encoding: btf.Signed}
	char := &btf.Int{Name: "char", Size: 1, Encoding: btf.Signed}
	state := &btf.Enum{Name: "state", Size: 4, Values: []btf.EnumValue{{Name: "OFF"}, {Name: "ON", Value: 1}}}
	level := &btf.Enum{Name: "level", Size: 4, Signed: true, Values: []btf.EnumValue{
		{Name: "LOW", Value: ^uint64(0)},
	}}
	pair := &btf.Struct{Name: "pair", Size: 8, Members: []btf.Member{
		{Name: "a", Type: u32}, {Name: "b", Type: s32, Offset: 32},
	}}
	flags := &btf.Struct{Name: "flags", Size: 4, Members: []btf.Member{
		{Name: "low", Type: u32, BitfieldSize: 3}, {Name: "high", Type: u32, Offset: 3, BitfieldSize: 9},
	}}
	either := &btf.Union{Name: "either", Size: 8, Members: []btf.Member{
		{Name: "small", Type: u32}, {Name: "both", Type: pair},
	}}
	anonymous := &btf.Struct{Name: "outer", Size: 8, Members: []btf.Member{{Type: either}}}
	for _, tc := range []struct {
		name string
		typ  btf.Type
		data []byte
		want string
	}{
		{"unsigned", u32, bytesOf(t, uint32(4294967295)), "4294967295"},
		{"signed", s32, bytesOf(t, int32(-1)), "-1"},
		{"bool", &btf.Int{Name: "_Bool", Size: 1, Encoding: btf.Bool}, []byte{1}, "true"},
		{"typedef", &btf.Typedef{Name: "u32", Type: &btf.Const{Type: u32}}, bytesOf(t, uint32(7)), "7"},
		{"16 bytes", &btf.Int{Name: "__int128", Size: 16}, make([]byte, 16), "{}"},
		{"float", &btf.Float{Name: "double", Size: 8}, bytesOf(t, 1.5), "1.5"},
		{"enum", state, bytesOf(t, uint32(1)), "ON"},
		{"enum without a name", state, bytesOf(t, uint32(9)), "9"},
		{"negative enum", level, bytesOf(t, int32(-1)), "LOW"},
		{"no pointer", &btf.Pointer{Target: u32}, make([]byte, 8), "NULL"},
		{"pointer", &btf.Pointer{Target: u32}, bytesOf(t, uint64(0x1234)), "0x1234"},
		{"string", &btf.Array{Type: char, Nelems: 6}, []byte("cubic\x00"), `"cubic"`},
		{"string with a quote", &btf.Array{Type: char, Nelems: 3}, []byte("a\"\x00"), `"a\""`},
		{"bytes after a string", &btf.Array{Type: char, Nelems: 3}, []byte{'a', 0, 1}, "{ 97, 0, 1 }"},
		{"array", &btf.Array{Type: u32, Nelems: 2}, bytesOf(t, []uint32{1, 2}), "{ 1, 2 }"},
		{"empty array", &btf.Array{Type: u32, Nelems: 0}, nil, "{}"},
		{"struct", pair, bytesOf(t, []int32{0, -2}), "{ .b = -2 }"},
		{"zero struct", pair, make([]byte, 8), "{}"},
		{"union", either, bytesOf(t, []int32{1, 2}), "{ .both = { .a = 1, .b = 2 } }"},
		{"anonymous", anonymous, bytesOf(t, []int32{1, 2}), "{ { .both = { .a = 1, .b = 2 } } }"},
		{"forward", &btf.Fwd{Name: "later"}, []byte{1, 2}, "{ 0x01, 0x02 }"},
	} {
		if got := cValue(tc.typ, tc.data); got != tc.want {
			t.Errorf("%s: %s, want %s", tc.name, got, tc.want)
		}
	}
	if binary.NativeEndian.Uint16([]byte{1, 0}) == 1 {
		if got := cValue(flags, bytesOf(t, uint32(5|300<<3))); got != "{ .low = 5, .high = 300 }" {
			t.Errorf("bitfields: %s", got)
		}
	}
}

// A map of a kernel whose types do not fit its value must not end the program.
func TestMembersBeyondTheValueAreNamed(t *testing.T) {
	u32 := &btf.Int{Name: "unsigned int", Size: 4}
	for _, m := range []btf.Member{
		{Name: "far", Type: u32, Offset: 64}, {Name: "bits", Type: u32, Offset: 62, BitfieldSize: 4},
	} {
		if got := cMember(m, make([]byte, 8)); len(got) < 2 || got[:2] != "/*" {
			t.Errorf("%s: %s", m.Name, got)
		}
	}
}
