// SPDX-License-Identifier: Apache-2.0

package core

import (
	"testing"

	"github.com/cilium/ebpf/btf"
)

func proto(result btf.Type, params ...btf.Type) btf.Type {
	f := &btf.FuncProto{Return: result}
	for _, p := range params {
		f.Params = append(f.Params, btf.FuncParam{Name: "p", Type: p})
	}
	return f
}

func typedef(name string, of btf.Type) btf.Type { return &btf.Typedef{Name: name, Type: of} }

// TestTypesAreFound has relocations of types as a whole: whether one exists, its size, and whether
// it matches. Of a type that is not there, the kernel and libbpf say 0 also for its size and its
// id, and cilium/ebpf poisons the instruction.
func TestTypesAreFound(t *testing.T) {
	plain := structure("s", 8, at(0, "a", tInt), at(4, "b", tUint))
	absent := []string{"1->0", "8->0", "1->0"}
	poisoned := []string{"1->0", "poison", "1->0"}
	points := func(to btf.Type) btf.Type { return structure("s", 8, at(0, "p", pointer(to))) }
	fwd := func(kind btf.FwdKind) btf.Type { return &btf.Fwd{Name: "t", Kind: kind} }
	enum := func(name string, size uint32, values ...string) btf.Type {
		e := &btf.Enum{Name: name, Size: size}
		for i, v := range values {
			e.Values = append(e.Values, btf.EnumValue{Name: v, Value: uint64(i)})
		}
		return e
	}
	for name, c := range map[string]struct {
		local  btf.Type
		target []btf.Type
		want   []string // TypeExists, TypeSize, TypeMatches
		theirs []string
	}{
		"same":             {plain, types(plain), []string{"1->1", "8->8", "1->1"}, nil},
		"larger":           {plain, types(structure("s", 16, at(8, "b", tUint), at(0, "a", tInt))), []string{"1->1", "8->16", "1->1"}, nil},
		"without a member": {plain, types(structure("s", 8, at(0, "a", tInt), at(4, "c", tInt))), []string{"1->1", "8->8", "1->0"}, nil},
		"fewer members":    {plain, types(structure("s", 4, at(0, "a", tInt))), []string{"1->1", "8->4", "1->0"}, nil},
		"member of a size": {plain, types(structure("s", 16, at(0, "a", tInt), at(8, "b", tLong))), []string{"1->1", "8->16", "1->0"}, nil},
		"member of a sign": {plain, types(structure("s", 8, at(0, "a", tInt), at(4, "b", tInt))), []string{"1->1", "8->8", "1->0"}, nil},
		"member of a kind": {plain, types(structure("s", 8, at(0, "a", tInt), at(4, "b", tFloat))), []string{"1->1", "8->8", "1->0"}, nil},
		"missing":          {plain, types(tInt), absent, poisoned},
		"union":            {plain, types(union("s", 8, at(0, "a", tInt), at(0, "b", tUint))), absent, poisoned},
		"flavor":           {structure("s___1", 8), types(plain), []string{"1->1", "8->8", "1->1"}, nil},
		"pointer to another": {points(structure("t", 4, at(0, "x", tInt))), types(points(structure("t", 8))), []string{"1->1", "8->8", "1->1"},
			[]string{"1->1", "8->8", "1->0"}}, // it compares members behind pointers, too
		"pointer to a name":  {points(structure("t", 4)), types(points(structure("u", 4))), []string{"1->1", "8->8", "1->0"}, nil},
		"pointer to a fwd":   {points(structure("t", 4)), types(points(fwd(btf.FwdStruct))), []string{"1->1", "8->8", "1->1"}, nil},
		"fwd to a struct":    {points(fwd(btf.FwdStruct)), types(points(structure("t", 4))), []string{"1->1", "8->8", "1->1"}, nil},
		"fwd to a union":     {points(fwd(btf.FwdStruct)), types(points(union("t", 4))), []string{"1->1", "8->8", "1->0"}, nil},
		"fwd of a union":     {points(union("t", 4)), types(points(fwd(btf.FwdStruct))), []string{"1->1", "8->8", "1->0"}, nil},
		"both fwd":           {points(fwd(btf.FwdUnion)), types(points(fwd(btf.FwdUnion))), []string{"1->1", "8->8", "1->1"}, nil},
		"inside":             {structure("s", 8, at(0, "t", structure("t", 8, at(0, "x", tInt)))), types(structure("s", 8, at(0, "t", structure("t", 8, at(0, "y", tInt))))), []string{"1->1", "8->8", "1->0"}, nil},
		"array":              {structure("s", 8, at(0, "l", array(tInt, 2))), types(structure("s", 8, at(0, "l", array(tInt, 2)))), []string{"1->1", "8->8", "1->1"}, nil},
		"array of a length":  {structure("s", 8, at(0, "l", array(tInt, 2))), types(structure("s", 12, at(0, "l", array(tInt, 3)))), []string{"1->1", "8->12", "1->0"}, nil},
		"function":           {points(proto(&btf.Void{}, tInt)), types(points(proto(&btf.Void{}, tInt))), []string{"1->1", "8->8", "1->1"}, nil},
		"function of more":   {points(proto(&btf.Void{}, tInt)), types(points(proto(&btf.Void{}, tInt, tInt))), []string{"1->1", "8->8", "1->0"}, nil},
		"function of a type": {points(proto(&btf.Void{}, tInt)), types(points(proto(&btf.Void{}, pointer(tInt)))), []string{"1->1", "8->8", "1->0"}, nil},
		"function returns":   {points(proto(tInt)), types(points(proto(tUint))), []string{"1->1", "8->8", "1->0"}, nil},
		"typedef":            {typedef("d", tLong), types(typedef("d", tLong)), []string{"1->1", "8->8", "1->1"}, nil},
		"typedef of int":     {typedef("d", tLong), types(typedef("d", tInt)), []string{"1->1", "8->4", "1->0"}, nil},
		"typedef of pointer": {typedef("d", tLong), types(typedef("d", pointer(tInt))), absent, poisoned},
		"typedef, not tag":   {typedef("s", plain), types(plain), absent, []string{"1->1", "8->8", "1->1"}}, // it compares names only
		"enum":               {enum("e", 8, "A"), types(enum("e", 8, "B", "A")), []string{"1->1", "8->8", "1->1"}, nil},
		"enum without":       {enum("e", 8, "A"), types(enum("e", 8, "B")), []string{"1->1", "8->8", "1->0"}, nil},
		"enum of a size":     {enum("e", 8, "A"), types(enum("e", 4, "A")), []string{"1->1", "8->4", "1->0"}, nil},
		"enum of a flavor":   {enum("e", 8, "A___2"), types(enum("e", 8, "A")), []string{"1->1", "8->8", "1->1"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			source, spec := kernel(t, "vmlinux", c.target...)
			for i, kind := range []Kind{TypeExists, TypeSize, TypeMatches} {
				o := newObject(t, ask{c.local, "0", kind})
				if got := o.ours(0, source); got != c.want[i] {
					t.Errorf("%v: %s, want %s", kind, got, c.want[i])
				}
				want := c.want[i]
				if c.theirs != nil {
					want = c.theirs[i]
				}
				if got := o.theirs(0, spec); value(got) != value(want) {
					t.Errorf("%v: cilium/ebpf has %s, and not %s", kind, got, want)
				}
			}
		})
	}
}

func TestTypesAreFoundByID(t *testing.T) {
	plain := structure("s", 4, at(0, "a", tInt))
	source, spec := kernel(t, "vmlinux", tInt, tLong, plain)
	missing := structure("missing", 4)
	for _, c := range []struct {
		kind         Kind
		local        btf.Type
		want, theirs string
	}{
		{TypeIDLocal, plain, "1->1", "1->1"}, {TypeIDTarget, plain, "1->3", "1->3"},
		{TypeIDLocal, missing, "1->1", "1->1"}, {TypeIDTarget, missing, "1->0", "poison"},
	} {
		o := newObject(t, ask{c.local, "0", c.kind})
		if got := o.ours(0, source); got != c.want {
			t.Errorf("%v: %s, want %s", c.kind, got, c.want)
		}
		if got := o.theirs(0, spec); got != c.theirs {
			t.Errorf("%v: cilium/ebpf has %s, and not %s", c.kind, got, c.theirs)
		}
	}
	// The id of a type of a module is one of its own types, which go on from vmlinux's.
	base, _ := kernel(t, "vmlinux", tInt, tLong)
	module := splitSource(t, base, "module nic", structure("other", 4), plain)
	if got := newObject(t, ask{plain, "0", TypeIDTarget}).ours(0, base, module); got != "1->4" {
		t.Errorf("in a module: %s, want 1->4", got)
	}
}

// TestEnumsValuesAreFound has values of enums by their names.
func TestEnumsValuesAreFound(t *testing.T) {
	enum := func(size uint32, values ...btf.EnumValue) btf.Type {
		return &btf.Enum{Name: "e", Size: size, Values: values}
	}
	one := func(name string, value uint64) btf.EnumValue { return btf.EnumValue{Name: name, Value: value} }
	plain := enum(4, one("ZERO", 0), one("TEN", 10))
	for name, c := range map[string]struct {
		local  btf.Type
		access string
		target []btf.Type
		exists string
		value  string
		theirs []string
	}{
		"same":        {plain, "1", types(plain), "1->1", "10->10", nil},
		"another":     {plain, "1", types(enum(4, one("TEN", 11))), "1->1", "10->11", nil},
		"of 64 bits":  {plain, "1", types(enum(8, one("TEN", 1<<40))), "1->1", "10->1099511627776", nil},
		"no value":    {plain, "1", types(enum(4, one("ZERO", 0))), "1->0", "poison", nil},
		"no enum":     {plain, "1", types(tInt), "1->0", "poison", nil},
		"a struct":    {plain, "1", types(structure("e", 4)), "1->0", "poison", nil},
		"flavor":      {enum(4, one("TEN___old", 10)), "0", types(plain), "1->1", "10->10", nil},
		"two differ":  {plain, "1", types(plain, &btf.Enum{Name: "e___2", Size: 4, Values: []btf.EnumValue{one("TEN", 9)}}), "1->1", "error", nil},
		"typedef":     {typedef("d", plain), "1", types(typedef("d", enum(4, one("TEN", 3)))), "1->1", "10->3", nil},
		"no index":    {plain, "2", types(plain), "error", "error", nil},
		"two indices": {plain, "1:0", types(plain), "error", "error", nil},
		"of a struct": {structure("e", 4, at(0, "a", tInt)), "0", types(plain), "error", "error", nil},
		"with a sign": {&btf.Enum{Name: "e", Size: 4, Signed: true, Values: []btf.EnumValue{one("TEN", 1<<64-1)}}, "0",
			types(&btf.Enum{Name: "e", Size: 4, Signed: true, Values: []btf.EnumValue{one("TEN", 1<<64-2)}}), "1->1", "18446744073709551615->18446744073709551614", nil},
	} {
		t.Run(name, func(t *testing.T) {
			source, spec := kernel(t, "vmlinux", c.target...)
			for i, want := range []string{c.exists, c.value} {
				o := newObject(t, ask{c.local, c.access, []Kind{EnumValueExists, EnumValue}[i]})
				if got := o.ours(0, source); got != want {
					t.Errorf("%s, want %s", got, want)
				}
				if len(o.their) == 0 {
					continue
				}
				if c.theirs != nil {
					want = c.theirs[i]
				}
				if got := o.theirs(0, spec); got != want {
					t.Errorf("cilium/ebpf has %s, and not %s", got, want)
				}
			}
		})
	}
}
