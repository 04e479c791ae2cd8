// SPDX-License-Identifier: Apache-2.0

package typeinfo

import (
	"slices"
	"testing"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/objfile"
)

// rawBTF returns BTF with these words for types, and these strings.
func rawBTF(text string, words ...uint32) []byte {
	order := objfile.NativeOrder()
	raw := order.AppendUint16(nil, btfMagic)
	raw = append(raw, 1, 0)
	for _, w := range append([]uint32{btfHeaderSize, 0, uint32(4 * len(words)), uint32(4 * len(words)), uint32(len(text))}, words...) {
		raw = order.AppendUint32(raw, w)
	}
	return append(raw, text...)
}

// structOf returns the words of a struct with one member.
func structOf(name, size, member, typ uint32) []uint32 {
	return []uint32{name, uint32(KindStruct)<<24 | 1, size, member, typ, 0}
}

// The types of a module go on from those of vmlinux, in ids and in strings: those do not begin with
// an empty one again.
func TestTypesOfModulesGoOnFromVmlinuxs(t *testing.T) {
	const baseText, splitText = "\x00int\x00shared\x00first\x00", "own\x00inside\x00"
	word := []uint32{1, uint32(KindInt) << 24, 4, 32}
	base, err := ParseKernel(rawBTF(baseText, slices.Concat(word, structOf(5, 4, 12, 1))...), nil)
	if err != nil {
		t.Fatal(err)
	}
	const own, inside = uint32(len(baseText)), uint32(len(baseText) + 4)
	split, err := ParseKernel(rawBTF(splitText, slices.Concat(structOf(own, 4, inside, 2), structOf(5, 8, inside, 1))...), base)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]uint32{"own": 3, "shared": 4, "hared": 0, "int": 0} {
		got := split.Structs(name)
		if len(got) > 1 || len(got) == 1 && uint32(got[0]) != want || len(got) == 0 && want != 0 {
			t.Errorf("%s: %v, want %d", name, got, want)
		}
	}
	if got := base.Structs("shared"); len(got) != 1 || got[0] != 2 {
		t.Errorf("shared in vmlinux: %v", got)
	}
	r, err := split.Type(3)
	if err != nil || r.Name != "own" {
		t.Fatalf("%+v, %v", r, err)
	}
	m, err := split.Member(&r, 0)
	if err != nil || m.Name != "inside" || m.Type != 2 {
		t.Fatalf("%+v, %v", m, err)
	}
	if inner, err := split.Type(m.Type); err != nil || inner.Name != "shared" || inner.Size != 4 {
		t.Errorf("%+v, %v", inner, err)
	}
	if size, err := split.SizeOf(3); err != nil || size != 4 {
		t.Errorf("%d, %v", size, err)
	}
	if _, err := split.Type(5); err == nil {
		t.Error("a type after the last is none")
	}
}

// Strings that do not go on from others begin with an empty one, and all end with a zero byte.
func TestStringsOfTypes(t *testing.T) {
	word := []uint32{0, uint32(KindInt) << 24, 4, 32}
	base, err := ParseKernel(rawBTF("\x00int\x00", word...), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		text  string
		base  *Types
		taken bool
	}{
		{"\x00", nil, true},
		{"", nil, false},
		{"int\x00", nil, false},
		{"\x00int", nil, false},
		{"", base, true},
		{"own\x00", base, true},
		{"\x00own\x00", base, true},
		{"own", base, false},
	} {
		if _, err := ParseKernel(rawBTF(tc.text, word...), tc.base); (err == nil) != tc.taken {
			t.Errorf("%q after others: %v; %v, want it taken: %v", tc.text, tc.base != nil, err, tc.taken)
		}
	}
}
