// SPDX-License-Identifier: Apache-2.0

package core

import (
	"strings"
	"testing"

	"github.com/cilium/ebpf/btf"
)

var (
	tInt   = &btf.Int{Name: "int", Size: 4, Encoding: btf.Signed}
	tUint  = &btf.Int{Name: "unsigned int", Size: 4}
	tLong  = &btf.Int{Name: "unsigned long", Size: 8}
	tLong4 = &btf.Int{Name: "unsigned long", Size: 4}
	tChar  = &btf.Int{Name: "char", Size: 1, Encoding: btf.Char}
	tFloat = &btf.Float{Name: "float", Size: 4}
	tEnum  = &btf.Enum{Name: "color", Size: 4, Values: []btf.EnumValue{{Name: "RED", Value: 1}, {Name: "BLUE", Value: 2}}}
)

func pointer(to btf.Type) btf.Type         { return &btf.Pointer{Target: to} }
func array(of btf.Type, n uint32) btf.Type { return &btf.Array{Index: tInt, Type: of, Nelems: n} }

// at makes a member at a byte.
func at(offset uint32, name string, typ btf.Type) btf.Member {
	return btf.Member{Name: name, Type: typ, Offset: btf.Bits(8 * offset)}
}

// bits makes a bitfield at a bit.
func bits(offset, width uint32, name string, typ btf.Type) btf.Member {
	return btf.Member{Name: name, Type: typ, Offset: btf.Bits(offset), BitfieldSize: btf.Bits(width)}
}

func structure(name string, size uint32, members ...btf.Member) btf.Type {
	return &btf.Struct{Name: name, Size: size, Members: members}
}

func union(name string, size uint32, members ...btf.Member) btf.Type {
	return &btf.Union{Name: name, Size: size, Members: members}
}

func types(list ...btf.Type) []btf.Type { return list }

// fieldKinds are the kinds of relocations of a field, in the order of a case's wants.
var fieldKinds = []Kind{FieldByteOffset, FieldByteSize, FieldExists, FieldSigned, FieldLShiftU64, FieldRShiftU64}

// gone is what becomes of a field that is not there.
var gone = []string{"poison", "poison", "1->0", "poison", "poison", "poison"}

// value returns what is behind the arrow.
func value(change string) string { return change[strings.LastIndex(change, ">")+1:] }

// TestFieldsAreFound has each kind of relocation of a field, against types in which it is the same
// or another. Cilium/ebpf has to agree, but for what a case gives as its answers.
func TestFieldsAreFound(t *testing.T) {
	plain := structure("s", 8, at(0, "a", tInt), at(4, "b", tUint))
	same := []string{"4->4", "4->4", "1->1", "0->0", "32->32", "32->32"}
	nested := structure("s", 12, at(0, "a", tInt), at(4, "n", structure("", 8, at(0, "x", tInt), at(4, "y", tInt))))
	list := structure("s", 24, at(0, "a", tInt), at(4, "list", array(tUint, 4)))
	flexible := structure("s", 4, at(0, "a", tInt), at(4, "list", array(tUint, 0)))
	little := structure("s", 4, bits(0, 5, "pad", tUint), bits(5, 3, "b", tUint))
	inner := structure("s", 12, at(0, "a", tInt), at(4, "", union("", 8, at(0, "b", tUint), at(0, "c", tLong))))
	two := structure("s", 8, at(0, "a", tInt), at(4, "b", tFloat))
	modified := structure("s", 8, at(0, "a", tInt), at(4, "b", &btf.Const{Type: &btf.Typedef{Name: "number", Type: &btf.Volatile{Type: tUint}}}))
	none := []string{"error", "error", "error", "error", "error", "error"}
	noSign := []string{"poison", "poison", "1->0", "error", "error", "error"} // of an element, whatever its type
	for name, c := range map[string]struct {
		local  btf.Type
		access string
		target []btf.Type
		want   []string
		theirs []string // where cilium/ebpf has others
	}{
		"same":             {plain, "0:1", types(plain), same, nil},
		"moved":            {plain, "0:1", types(structure("s", 16, at(8, "b", tUint), at(0, "a", tInt))), []string{"4->8", "4->4", "1->1", "0->0", "32->32", "32->32"}, nil},
		"larger":           {plain, "0:1", types(structure("s", 16, at(8, "b", tLong))), []string{"4->8", "4->8", "1->1", "0->0", "32->0", "32->0"}, nil},
		"smaller":          {plain, "0:1", types(structure("s", 8, at(2, "b", tChar))), []string{"4->2", "4->1", "1->1", "0->0", "32->56", "32->56"}, nil},
		"signed":           {plain, "0:1", types(structure("s", 8, at(4, "b", tInt))), []string{"4->4", "4->4", "1->1", "0->1", "32->32", "32->32"}, nil},
		"qualified":        {plain, "0:1", types(modified), same, nil},
		"qualified ours":   {modified, "0:1", types(plain), same, nil},
		"renamed":          {plain, "0:1", types(structure("s", 8, at(0, "a", tInt), at(4, "c", tUint))), gone, nil},
		"no type":          {plain, "0:1", types(structure("other", 8, at(4, "b", tUint))), gone, nil},
		"pointer instead":  {plain, "0:1", types(structure("s", 8, at(4, "b", pointer(tUint)))), gone, nil},
		"float instead":    {plain, "0:1", types(two), gone, nil},
		"struct instead":   {plain, "0:1", types(structure("s", 8, at(4, "b", structure("t", 4, at(0, "b", tUint))))), gone, nil},
		"array instead":    {plain, "0:1", types(structure("s", 8, at(4, "b", array(tUint, 1)))), gone, nil},
		"enum instead":     {plain, "0:1", types(structure("s", 8, at(4, "b", tEnum))), gone, nil},
		"flavor":           {structure("s___mine", 8, at(0, "a", tInt), at(4, "b", tUint)), "0:1", types(plain), same, nil},
		"flavor of theirs": {plain, "0:1", types(structure("s___theirs", 8, at(0, "b", tUint))), []string{"4->0", "4->4", "1->1", "0->0", "32->32", "32->32"}, nil},
		"no flavor":        {structure("s__mine", 8, at(4, "b", tUint)), "0:0", types(plain), gone, nil},
		"two alike":        {plain, "0:1", types(plain, structure("s___2", 8, at(4, "b", tUint))), same, nil},
		"several":          {plain, "0:1", types(plain, structure("s___2", 8, at(0, "b", tUint))), []string{"error", "4->4", "1->1", "0->0", "32->32", "32->32"}, nil},
		"one of two has it": {plain, "0:1", types(structure("s", 8, at(0, "x", tUint)), structure("s___2", 8, at(0, "b", tUint))),
			[]string{"4->0", "4->4", "1->1", "0->0", "32->32", "32->32"}, nil},
		"of a union": {plain, "0:1", types(union("s", 4, at(0, "b", tUint))), gone,
			[]string{"4->0", "4->4", "1->1", "0->0", "32->32", "32->32"}}, // it compares names of types only
		"second struct":       {plain, "1:1", types(structure("s", 16, at(8, "b", tUint))), []string{"12->24", "4->4", "1->1", "0->0", "32->32", "32->32"}, nil},
		"anonymous ours":      {inner, "0:1:0", types(plain), same, nil},
		"anonymous theirs":    {plain, "0:1", types(inner), same, nil},
		"nested":              {nested, "0:1:1", types(structure("s", 16, at(8, "n", union("", 8, at(4, "y", tInt))))), []string{"8->12", "4->4", "1->1", "1->1", "32->32", "32->32"}, nil},
		"nested, not in one":  {nested, "0:1:1", types(structure("s", 16, at(8, "y", tInt))), gone, nil},
		"nested in a pointer": {nested, "0:1:1", types(structure("s", 16, at(8, "n", pointer(structure("", 8, at(4, "y", tInt)))))), gone, nil},
		"array":               {list, "0:1", types(structure("s", 48, at(8, "list", array(tUint, 8)))), []string{"4->8", "16->32", "1->1", "0->0", "error", "error"}, []string{"4->8", "16->32", "1->1", "error", "->4294967104", "->4294967104"}},
		"element": {list, "0:1:3", types(structure("s", 48, at(8, "list", array(tLong, 4)))), []string{"16->32", "4->8", "1->1", "error", "error", "error"},
			[]string{"16->32", "4->8", "1->1", "0->0", "->0", "->0"}},
		"element too far": {list, "0:1:3", types(structure("s", 48, at(8, "list", array(tLong, 3)))), noSign, gone},
		"flexible":        {flexible, "0:1:3", types(flexible), []string{"16->16", "4->4"}, nil},
		"flexible theirs": {list, "0:1:3", types(flexible), []string{"16->16", "4->4"}, nil},
		"flexible inside": {list, "0:1:3", types(structure("s", 48, at(8, "list", array(tUint, 0)), at(8, "z", tUint))), []string{"poison", "poison"}, []string{"error", "error"}},
		"bitfield":        {little, "0:1", types(little), []string{"0->0", "4->4", "1->1", "0->0", "56->56", "61->61"}, nil},
		"bitfield moved":  {little, "0:1", types(structure("s", 8, bits(33, 7, "b", tUint))), []string{"0->4", "4->4", "1->1", "0->0", "56->56", "61->57"}, nil},
		"bitfield across": {little, "0:1", types(structure("s", 8, bits(30, 4, "b", tUint))), []string{"0->0", "4->8", "1->1", "0->0", "56->30", "61->60"},
			[]string{"0->0", "4->4", "1->1", "0->0", "56->30", "61->60"}}, // a load of 4 bytes does not have all of it
		"bitfield no more": {little, "0:1", types(plain), []string{"0->4", "4->4", "1->1", "0->0", "56->32", "61->32"}, nil},
		"bitfield since":   {plain, "0:1", types(little), []string{"4->0", "4->4", "1->1", "0->0", "32->56", "32->61"}, nil},
		"bitfield too far": {little, "0:1", types(structure("s", 16, bits(62, 4, "b", tUint))), []string{"error", "error", "1->1", "0->0", "error", "error"},
			[]string{"0->4", "4->4", "1->1", "0->0", "->30", "->60"}},
		"pointer of 4 bytes": {structure("s", 8, at(0, "p", pointer(tInt))), "0:0", types(tLong4, structure("s", 8, at(4, "p", pointer(tInt)))), []string{"0->4", "8->4"}, []string{"0->4", "8->8"}},
		"enum of another name": {structure("s", 4, at(0, "e", tEnum)), "0:0", types(structure("s", 4, at(0, "e", &btf.Enum{Name: "colour", Size: 4}))),
			gone, nil},
		"enum without a name": {structure("s", 4, at(0, "e", tEnum)), "0:0", types(structure("s", 4, at(0, "e", &btf.Enum{Size: 4, Signed: true}))),
			[]string{"0->0", "4->4", "1->1", "0->1"}, nil},
		"bad member":     {plain, "0:2", types(plain), none, nil},
		"bad element":    {list, "0:1:4", types(list), none, nil},
		"into a number":  {plain, "0:1:0", types(plain), none, nil},
		"no struct":      {tEnum, "0:1", types(tEnum), none, nil},
		"no name":        {structure("", 4, at(0, "a", tInt)), "0:0", types(plain), none, nil},
		"flavor as name": {structure("___a", 4, at(0, "a", tInt)), "0:0", types(plain), gone, nil},
	} {
		t.Run(name, func(t *testing.T) {
			source, spec := kernel(t, "vmlinux", c.target...)
			for i, want := range c.want {
				o := func() *object { return newObject(t, ask{c.local, c.access, fieldKinds[i]}) }()
				if got := o.ours(0, source); got != want {
					t.Errorf("%v: %s, want %s", fieldKinds[i], got, want)
				}
				if len(c.theirs) > i {
					want = c.theirs[i]
				}
				if len(o.their) == 0 {
					continue
				}
				got := o.theirs(0, spec)
				if i >= len(fieldKinds)-2 { // it does not compute the object's shifts
					got, want = value(got), value(want)
				}
				if got != want {
					t.Errorf("%v: cilium/ebpf has %s, and not %s", fieldKinds[i], got, want)
				}
			}
		})
	}
}
