// SPDX-License-Identifier: Apache-2.0

package typeinfo

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/cilium/ebpf/btf"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
)

// A typeset collects records and strings of types; those of others go on from start.
type typeset struct {
	words []uint32
	text  string
	start uint32
	ids   uint32
}

func (s *typeset) name(text string) uint32 {
	if text == "" {
		return 0
	}
	at := s.start + uint32(len(s.text))
	s.text += text + "\x00"
	return at
}

func (s *typeset) add(record ...uint32) uint32 {
	s.words = append(s.words, record...)
	s.ids++
	return s.ids
}

func kindWord(k Kind, vlen int) uint32 { return uint32(k)<<24 | uint32(vlen) }

func (s *typeset) integer(name string, size uint32) uint32 {
	return s.add(s.name(name), kindWord(KindInt, 0), size, 8*size)
}

// structure adds a struct; members are name, type and offset in bytes.
func (s *typeset) structure(name string, size uint32, members ...any) uint32 {
	words := []uint32{s.name(name), kindWord(KindStruct, len(members)/3), size}
	for i := 0; i < len(members); i += 3 {
		words = append(words, s.name(members[i].(string)), members[i+1].(uint32), 8*uint32(members[i+2].(int)))
	}
	return s.add(words...)
}

func (s *typeset) raw() []byte { return rawBTF(s.text, s.words...) }

// on begins types that go on from a base's.
func on(base *Types) *typeset {
	return &typeset{start: base.firstString() + uint32(len(base.strings)), ids: uint32(base.firstID()) + uint32(len(base.offsets)) - 1}
}

// kernelOf makes types of a kernel with a number of types before the usual ones.
func kernelOf(t testing.TB, before ...string) (types *Types, ids map[string]uint32) {
	t.Helper()
	s := &typeset{text: "\x00"}
	for _, name := range before {
		s.structure(name, 4)
	}
	ids = make(map[string]uint32)
	ids["int"] = s.integer("int", 4)
	ids["long"] = s.integer("unsigned long", 8)
	ids["net_device"] = s.structure("net_device", 16, "mtu", ids["int"], 8)
	ids["proto"] = s.add(0, kindWord(KindFuncProto, 1), ids["int"], 0, ids["net_device"])
	ids["func"] = s.add(s.name("dev_open"), kindWord(KindFunc, 1), ids["proto"])
	types, err := ParseWhole(s.raw())
	if err != nil {
		t.Fatal(err)
	}
	return types, ids
}

// nic makes types of a driver, in a form that uses types and names of a kernel.
func nic(base *Types, ids map[string]uint32) *typeset {
	s := on(base)
	pointer := s.add(0, kindWord(KindPtr, 0), ids["net_device"])
	s.structure("nic_meta", 40, "mark", ids["int"], 0, "dev", pointer, 8, "copy", ids["net_device"], 16, "hash", ids["long"], 32)
	return s
}

func TestTypesOfAnotherKernelAreRefused(t *testing.T) {
	base, ids := kernelOf(t)
	raw := nic(base, ids).raw()
	types, err := ParseGiven(raw, nil, base)
	if err != nil {
		t.Fatal(err)
	}
	if found := types.Named(NameOf("nic_meta")); len(found) != 1 || found[0] != 7 {
		t.Errorf("nic_meta is %v, want 7", found)
	}
	for name, before := range map[string][]string{
		"one type more": {"a"}, "two types more": {"a", "b"}, "three types more": {"a", "b", "c"}, "a long name more": {strings.Repeat("x", 100)},
	} {
		other, _ := kernelOf(t, before...)
		if _, err := ParseGiven(raw, nil, other); !errors.Is(err, refuse.ErrWrongBase) && !errors.Is(err, refuse.ErrBTF) {
			t.Errorf("%s: %v, want %v", name, err, refuse.ErrWrongBase)
		}
	}
}

// TestWhatIsWrongWithASplitIsSaid breaks types that go on from others in one place each.
func TestWhatIsWrongWithASplitIsSaid(t *testing.T) {
	base, ids := kernelOf(t)
	for name, c := range map[string]struct {
		make func(s *typeset)
		says string
	}{
		"type":     {func(s *typeset) { s.add(0, kindWord(KindPtr, 0), 99) }, "type 6 refers to type 99, and there are 6"},
		"name":     {func(s *typeset) { s.add(9999, kindWord(KindStruct, 0), 4) }, "type 6 has a name at 9999"},
		"middle":   {func(s *typeset) { s.add(2, kindWord(KindStruct, 0), 4); s.name("x") }, `the name of type 6 begins in the middle of "int" of the base`},
		"pointer":  {func(s *typeset) { s.name("x"); s.add(0, kindWord(KindPtr, 0), ids["func"]) }, `the target of type 6, pointer "", is function "dev_open"`},
		"member":   {func(s *typeset) { s.structure("x", 8, "m", ids["proto"], 0) }, `member "m" of type 6, struct "x", is function type "", which has no size`},
		"outside":  {func(s *typeset) { s.structure("x", 4, "m", ids["long"], 0) }, `member "m" of type 6, struct "x" of 4 bytes, is at bit 0 and has 64`},
		"function": {func(s *typeset) { s.add(s.name("f"), kindWord(KindFunc, 1), ids["int"]) }, `the type of type 6, function "f", is int "int"`},
		"element":  {func(s *typeset) { s.name("x"); s.add(0, kindWord(KindArray, 0), 0, 0, ids["int"], 1) }, `an element of type 6, array "", is void ""`},
		"variable": {func(s *typeset) { s.add(s.name("d"), kindWord(KindDatasec, 1), 4, ids["int"], 0, 4) }, `a variable of type 6`},
		"itself": {func(s *typeset) {
			s.add(s.name("d"), kindWord(KindTypedef, 0), 6)
			s.structure("x", 4, "m", uint32(6), 0)
		}, "goes through more than"},
	} {
		s := on(base)
		c.make(s)
		_, err := ParseGiven(s.raw(), nil, base)
		if err == nil || !strings.Contains(err.Error(), c.says) || refuse.ClassOf(err) != refuse.ClassBTF {
			t.Errorf("%s: %v\ndoes not say %s", name, err, c.says)
		}
	}
}

func TestTypesOfTheOtherByteOrderAreRefused(t *testing.T) {
	base, _ := kernelOf(t)
	raw := slices.Clone(Assemble(base, base.raw, base.strings))
	raw[0], raw[1] = raw[1], raw[0]
	if err := CheckRecords(raw); err == nil || !strings.Contains(err.Error(), "other byte order") {
		t.Error(err)
	}
}

func TestSplitsGoOnFromSplits(t *testing.T) {
	base, ids := kernelOf(t)
	first, err := ParseGiven(nic(base, ids).raw(), nil, base)
	if err != nil {
		t.Fatal(err)
	}
	s := on(first)
	s.structure("more", 48, "meta", uint32(7), 0, "dev", uint32(6), 40)
	second, err := ParseGiven(s.raw(), nil, first)
	if err != nil {
		t.Fatal(err)
	}
	r, err := second.Type(8)
	if err != nil || r.Name != "more" {
		t.Fatalf("%+v, %v", r, err)
	}
	m, err := second.Member(&r, 0)
	if inner, ierr := second.Type(m.Type); err != nil || ierr != nil || m.Name != "meta" || inner.Name != "nic_meta" {
		t.Errorf("%+v, %v, is %+v, %v", m, err, inner, ierr)
	}
	if found := second.Structs("more"); len(found) != 1 || found[0] != 8 {
		t.Errorf("more is %v", found)
	}
}

// TestADistilledBaseFitsEveryKernel has types whose file says what they need of their base.
func TestADistilledBaseFitsEveryKernel(t *testing.T) {
	short := &typeset{text: "\x00"}
	ids := map[string]uint32{"int": short.integer("int", 4), "long": short.integer("unsigned long", 8)}
	ids["net_device"] = short.structure("net_device", 16)
	distilled, err := ParseWhole(short.raw())
	if err != nil {
		t.Fatal(err)
	}
	split := nic(distilled, ids)
	split.add(2, kindWord(KindTypedef, 0), ids["int"]) // a name of the short base's: "nt"
	for _, before := range [][]string{nil, {"a"}, {"a", "net_device_ops", "c"}} {
		base, baseIDs := kernelOf(t, before...)
		types, err := ParseGiven(split.raw(), short.raw(), base)
		if err != nil {
			t.Errorf("%v: %v", before, err)
			continue
		}
		found := types.Named(NameOf("nic_meta"))
		if len(found) != 1 {
			t.Fatalf("%v: nic_meta is %v", before, found)
		}
		r, err := types.Type(found[0])
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range []struct {
			name string
			typ  uint32
		}{{"mark", baseIDs["int"]}, {"dev", uint32(base.firstID()) + uint32(len(base.offsets))}, {"copy", baseIDs["net_device"]}, {"hash", baseIDs["long"]}} {
			if m, err := types.Member(&r, i); err != nil || m.Name != want.name || m.Type != btf.TypeID(want.typ) {
				t.Errorf("%v: %+v, %v, want %+v", before, m, err, want)
			}
		}
		if last, err := types.Type(found[0] + 1); err != nil || last.Name != "nt" {
			t.Errorf("%v: %+v, %v", before, last, err)
		}
	}
	for name, c := range map[string]struct {
		make func(s *typeset)
		says string
	}{
		"missing":             {func(s *typeset) { s.structure("net_dev", 16) }, "the base has 0 of struct net_dev of 16 bytes"},
		"of another size":     {func(s *typeset) { s.integer("int", 8) }, "the base has 0 of int int of 8 bytes"},
		"without a name":      {func(s *typeset) { s.structure("", 16) }, `is struct "", which it cannot have`},
		"of another kind":     {func(s *typeset) { s.add(s.name("net_device"), kindWord(KindUnion, 0), 16) }, "the base has 0 of union net_device"},
		"what it cannot have": {func(s *typeset) { s.add(s.name("int"), kindWord(KindTypedef, 0), 0) }, `is typedef "int", which it cannot have`},
	} {
		s := &typeset{text: "\x00"}
		c.make(s)
		short, err := ParseWhole(s.raw())
		if err != nil {
			t.Fatal(err)
		}
		base, _ := kernelOf(t)
		own := on(short)
		own.structure("own", 4)
		if _, err := ParseGiven(own.raw(), s.raw(), base); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v\ndoes not say %s", name, err, c.says)
		}
	}
	// Of two structs of a name the size tells which is meant, and none is if both have it.
	two := &typeset{text: "\x00"}
	two.structure("net_device", 8)
	two.structure("net_device", 16)
	base, err := ParseWhole(two.raw())
	if err != nil {
		t.Fatal(err)
	}
	s := &typeset{text: "\x00"}
	inner := s.structure("net_device", 16)
	small, err := ParseWhole(s.raw())
	if err != nil {
		t.Fatal(err)
	}
	own := on(small)
	own.structure("own", 16, "dev", inner, 0)
	types, err := ParseGiven(own.raw(), s.raw(), base)
	if err != nil {
		t.Fatal(err)
	}
	r, err := types.Type(3)
	if m, merr := types.Member(&r, 0); err != nil || merr != nil || m.Type != 2 {
		t.Errorf("%+v, %v, %v, want type 2", m, err, merr)
	}
	two.structure("net_device", 16)
	if base, err = ParseWhole(two.raw()); err != nil {
		t.Fatal(err)
	}
	if _, err := ParseGiven(own.raw(), s.raw(), base); !errors.Is(err, refuse.ErrWrongBase) {
		t.Errorf("two alike: %v, want %v", err, refuse.ErrWrongBase)
	}
}

// Which types are found by name does not depend on how many there are.
func TestTypesAreFoundByName(t *testing.T) {
	for _, n := range []int{1, 3, 4, 7, 8, 100} {
		s := &typeset{text: "\x00"}
		for i := range n {
			s.structure("s"+strings.Repeat("x", i), 4)
		}
		s.structure("s___flavor", 4)
		types, err := ParseWhole(s.raw())
		if err != nil {
			t.Fatal(err)
		}
		for i := range n {
			want := 1
			if i == 0 {
				want = 2
			}
			name := "s" + strings.Repeat("x", i)
			if got := types.Named(NameOf(name)); len(got) != want || !slices.Contains(got, btf.TypeID(i+1)) {
				t.Errorf("%d types, %s: %v", n, name, got)
			}
		}
		if got := types.Named(NameOf("x")); got != nil {
			t.Errorf("%d types, x: %v", n, got)
		}
		if got := types.exactly("s"); len(got) != 1 || got[0] != 1 {
			t.Errorf("%d types, s without flavors: %v", n, got)
		}
	}
}
