// SPDX-License-Identifier: Apache-2.0

package typeinfo

import (
	"slices"
	"testing"

	"github.com/cilium/ebpf/btf"
)

// TestTypesAreComparedByKinds compares types of one set with each other, as if one were the
// object's and the other the kernel's.
func TestTypesAreComparedByKinds(t *testing.T) {
	kind := func(k Kind, vlen uint32) uint32 { return uint32(k)<<24 | vlen }
	var words []uint32
	ids := map[string]btf.TypeID{"void": 0}
	add := func(name string, record ...uint32) uint32 {
		words = append(words, record...)
		ids[name] = btf.TypeID(len(ids))
		return uint32(ids[name])
	}
	integer := add("int", 1, kind(KindInt, 0), 4, 1<<24|32)
	long := add("long", 1, kind(KindInt, 0), 8, 64)
	add("bits", 1, kind(KindInt, 0), 4, 4<<16|3)
	one := add("struct", 1, kind(KindStruct, 0), 8)
	add("other struct", 5, kind(KindStruct, 0), 16)
	add("union", 1, kind(KindUnion, 0), 8)
	add("declared", 1, kind(KindFwd, 0), 0)
	add("enum", 1, kind(KindEnum, 0), 4)
	add("enum64", 1, kind(KindEnum64, 0), 8)
	add("float", 1, kind(KindFloat, 0), 8)
	add("typedef", 5, kind(KindTypedef, 0), integer)
	constant := add("const", 0, kind(KindConst, 0), one)
	pointer := add("pointer", 0, kind(KindPtr, 0), one)
	add("pointer to const", 0, kind(KindPtr, 0), constant)
	add("pointer to int", 0, kind(KindPtr, 0), integer)
	add("array", 0, kind(KindArray, 0), 0, integer, integer, 4)
	add("longer array", 0, kind(KindArray, 0), 0, long, integer, 8)
	add("array of pointers", 0, kind(KindArray, 0), 0, pointer, integer, 4)
	add("function", 0, kind(KindFuncProto, 1), integer, 0, integer)
	add("function of long", 0, kind(KindFuncProto, 1), long, 0, long)
	add("function of pointer", 0, kind(KindFuncProto, 1), integer, 0, pointer)
	add("function without result", 0, kind(KindFuncProto, 1), 0, 0, integer)
	add("function of two", 0, kind(KindFuncProto, 2), integer, 0, integer, 0, integer)
	circle := uint32(len(ids))
	add("circle", 0, kind(KindPtr, 0), circle)
	types, err := ParseKernel(rawBTF("\x00one\x00two\x00", words...), nil)
	if err != nil {
		t.Fatal(err)
	}
	// Sets of types that are alike. Those that are in none are like no other, and what is not like
	// itself either is not listed at all.
	alike := [][]string{
		{"int", "long", "typedef"}, {"struct", "other struct", "const"}, {"enum", "enum64"},
		{"pointer", "pointer to const"}, {"array", "longer array"}, {"function", "function of long"},
		{"void"}, {"union"}, {"declared"}, {"pointer to int"}, {"array of pointers"}, {"function of pointer"},
		{"function without result"}, {"function of two"},
	}
	for a, local := range ids {
		for b, kernel := range ids {
			got, err := Compatible(types, local, types, kernel)
			if a == "circle" && b == "circle" {
				if err == nil {
					t.Error("a type that goes round in a circle comes to an end")
				}
				continue
			}
			want := slices.ContainsFunc(alike, func(set []string) bool { return slices.Contains(set, a) && slices.Contains(set, b) })
			if got != want || err != nil {
				t.Errorf("%s and %s: %v, %v, want %v", a, b, got, err, want)
			}
		}
	}
}

// TestNamesAreFoundWhereverTheirBytesAre looks for functions and variables in vmlinux and a module,
// whose names may be strings of either, and parts of others.
func TestNamesAreFoundWhereverTheirBytesAre(t *testing.T) {
	const baseText, splitText = "\x00int\x00shared\x00", "own\x00sharedx\x00"
	of := func(name uint32, k Kind) []uint32 {
		words := []uint32{name, uint32(k) << 24, 1}
		if k == KindVar {
			words = append(words, 1)
		}
		return words
	}
	word := []uint32{1, uint32(KindInt) << 24, 4, 32}
	base, err := ParseKernel(rawBTF(baseText, slices.Concat(word, of(5, KindVar), of(6, KindFunc), of(5, KindVar))...), nil)
	if err != nil {
		t.Fatal(err)
	}
	const own = uint32(len(baseText))
	split, err := ParseKernel(rawBTF(splitText,
		slices.Concat(of(5, KindFunc), of(own, KindVar), of(own+4, KindVar), of(own+1000, KindVar))...), base)
	if err != nil {
		t.Fatal(err)
	}
	wanted := []Wanted{{"shared", false}, {"shared", true}, {"hared", true}, {"own", false}, {"own", true}, {"", true}, {"sharedx", false}}
	if got, want := base.Find(wanted), []btf.TypeID{2, 0, 3, 0, 0, 0, 0}; !slices.Equal(got, want) {
		t.Errorf("in vmlinux: %v, want %v", got, want)
	}
	if got, want := split.Find(wanted), []btf.TypeID{0, 5, 0, 6, 0, 0, 7}; !slices.Equal(got, want) {
		t.Errorf("in the module: %v, want %v", got, want)
	}
}
