// SPDX-License-Identifier: Apache-2.0

package btfview

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cilium/ebpf/btf"
	"github.com/google/go-cmp/cmp"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/objfile"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/typeinfo"
)

var tInt = &btf.Int{Name: "int", Size: 4, Encoding: btf.Signed}

// writeTypes writes BTF to a file of the name, and returns its path.
func writeTypes(t *testing.T, name string, raw []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// rawOf returns whole BTF of types.
func rawOf(t *testing.T, types ...btf.Type) []byte {
	t.Helper()
	b, err := btf.NewBuilder(types, nil)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := b.Marshal(nil, &btf.MarshalOptions{Order: objfile.NativeOrder()})
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// splitOf returns BTF of types that go on from a base's.
func splitOf(t *testing.T, base []byte, types ...btf.Type) []byte {
	t.Helper()
	kernel, err := typeinfo.ParseWhole(base)
	if err != nil {
		t.Fatal(err)
	}
	own, err := typeinfo.ParseWhole(rawOf(t, types...))
	if err != nil {
		t.Fatal(err)
	}
	return own.GoOn(kernel)
}

// member makes a member at a bit.
func member(name string, typ btf.Type, offset btf.Bits) btf.Member {
	return btf.Member{Name: name, Type: typ, Offset: offset}
}

func TestTypesAreDeclaredAsC(t *testing.T) {
	char := &btf.Int{Name: "char", Size: 1}
	node := &btf.Struct{Name: "node", Size: 4}
	call := &btf.FuncProto{Return: tInt, Params: []btf.FuncParam{{Name: "p", Type: &btf.Pointer{Target: &btf.Void{}}}}}
	for want, typ := range map[string]btf.Type{
		"int m":            tInt,
		"struct node *m":   &btf.Pointer{Target: node},
		"const char *m":    &btf.Pointer{Target: &btf.Const{Type: char}},
		"char *const m":    &btf.Const{Type: &btf.Pointer{Target: char}},
		"int m[2][3]":      &btf.Array{Index: tInt, Nelems: 2, Type: &btf.Array{Index: tInt, Nelems: 3, Type: tInt}},
		"int *m[2]":        &btf.Array{Index: tInt, Nelems: 2, Type: &btf.Pointer{Target: tInt}},
		"int (*m)[2]":      &btf.Pointer{Target: &btf.Array{Index: tInt, Nelems: 2, Type: tInt}},
		"int (*m)(void *)": &btf.Pointer{Target: call},
		"union u *m":       &btf.Pointer{Target: &btf.Fwd{Name: "u", Kind: btf.FwdUnion}},
		"struct {...} m":   &btf.Struct{Size: 4},
		"enum e m":         &btf.Enum{Name: "e", Size: 4},
		"number m":         &btf.Typedef{Name: "number", Type: tInt},
		"volatile int m":   &btf.Volatile{Type: tInt},
		"int *m":           &btf.Pointer{Target: &btf.TypeTag{Type: tInt, Value: "user"}},
	} {
		types, err := typeinfo.ParseWhole(rawOf(t, &btf.Struct{Name: "s", Size: 64, Members: []btf.Member{member("m", typ, 0)}}))
		if err != nil {
			t.Fatal(err)
		}
		s := types.Named(typeinfo.NameOf("s"))[0]
		r, err := types.Type(s)
		if err != nil {
			t.Fatal(err)
		}
		m, err := types.Member(&r, 0)
		if err != nil {
			t.Fatal(err)
		}
		if got := declare(types, m.Type, m.Name, mostParts); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// TestATypeIsShownAsEachSourceHasIt has one struct in a kernel and in a driver, in two forms.
func TestATypeIsShownAsEachSourceHasIt(t *testing.T) {
	inner := &btf.Struct{Size: 8, Members: []btf.Member{member("hash", tInt, 0), {Name: "flag", Type: tInt, Offset: 37, BitfieldSize: 3}}}
	kernel := rawOf(t, tInt, &btf.Struct{Name: "meta", Size: 16, Members: []btf.Member{member("mark", tInt, 32), member("", inner, 64)}},
		&btf.Enum{Name: "color", Size: 4, Signed: true, Values: []btf.EnumValue{{Name: "RED", Value: 1<<64 - 1}}}, &btf.Typedef{Name: "number", Type: tInt},
		&btf.Union{Name: "meta___old", Size: 4, Members: []btf.Member{member("mark", tInt, 0)}})
	nic := splitOf(t, kernel, &btf.Struct{Name: "meta___nic", Size: 4, Members: []btf.Member{member("mark", tInt, 0)}})
	kernelPath, nicPath := writeTypes(t, "kernel.btf", kernel), writeTypes(t, "nic.btf", nic)
	s, err := Open(kernelPath, []string{nicPath})
	if err != nil {
		t.Fatal(err)
	}
	size := func(n uint32) *uint32 { return &n }
	for name, want := range map[string][]Layout{
		"struct meta": {
			{Source: kernelPath, ID: 2, Kind: "struct", Name: "meta", Size: size(16), Members: []Member{
				{Name: "mark", C: "int mark", Offset: 32, Size: 4}, {Name: "hash", C: "int hash", Offset: 64, Size: 4},
				{Name: "flag", C: "int flag:3", Offset: 101, Width: 3, Size: 4}}},
			{Source: nicPath, ID: 7, Kind: "struct", Name: "meta___nic", Size: size(4), Members: []Member{{Name: "mark", C: "int mark", Size: 4}}},
		},
		"color":      {{Source: kernelPath, ID: 3, Kind: "enum", Name: "color", Size: size(4), Values: []Value{{"RED", -1}}}},
		"number":     {{Source: kernelPath, ID: 4, Kind: "typedef", Name: "number", Size: size(4), Target: "int"}},
		"union meta": {{Source: kernelPath, ID: 5, Kind: "union", Name: "meta___old", Size: size(4), Members: []Member{{Name: "mark", C: "int mark", Size: 4}}}},
	} {
		got, err := s.Show(name)
		if err != nil {
			t.Fatal(err)
		}
		for i := range got { // ids depend on the order in which package btf writes types
			if name == "struct meta" && i == 1 || name != "struct meta" {
				want[i].ID = got[i].ID
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", name, diff)
		}
	}
	for _, name := range []string{"other", "union number", ""} {
		if _, err := s.Show(name); !errors.Is(err, ErrNoType) {
			t.Errorf("%q: %v, want %v", name, err, ErrNoType)
		}
	}
	if all, err := s.Show("meta"); err != nil || len(all) != 3 {
		t.Errorf("meta: %v, %v", all, err)
	}
}

// TestStitchedTypesAreAllTypes writes a kernel's and two drivers' types as one file.
func TestStitchedTypesAreAllTypes(t *testing.T) {
	kernel := rawOf(t, tInt, &btf.Struct{Name: "shared", Size: 4, Members: []btf.Member{member("mark", tInt, 0)}})
	nic := func(name string, offset btf.Bits) btf.Type {
		return &btf.Struct{Name: name, Size: 16, Members: []btf.Member{member("mark", tInt, offset)}}
	}
	paths := []string{writeTypes(t, "a.btf", splitOf(t, kernel, nic("nic_a", 32))), writeTypes(t, "b.btf", splitOf(t, kernel, nic("nic_b", 64))),
		writeTypes(t, "c.btf", rawOf(t, nic("nic_c", 96)))}
	s, err := Open(writeTypes(t, "kernel.btf", kernel), paths)
	if err != nil {
		t.Fatal(err)
	}
	all, err := Open(writeTypes(t, "all.btf", s.Stitch()), nil)
	if err != nil {
		t.Fatal(err)
	}
	total := uint32(0)
	for i, p := range s.Parts() {
		if goesOn := i == 1 || i == 2; p.GoesOn != goesOn {
			t.Errorf("%+v", p)
		}
		total += p.Types
	}
	if got := all.Parts(); len(got) != 1 || got[0].Types != total {
		t.Errorf("%+v, want %d types", got, total)
	}
	for _, name := range []string{"shared", "nic_a", "nic_b", "nic_c"} {
		want, err := s.Show(name)
		if err != nil {
			t.Fatal(err)
		}
		got, err := all.Show(name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(want[0].Members, got[0].Members); diff != "" || len(got) != 1 {
			t.Errorf("%s: %s", name, diff)
		}
	}
	// A driver's types for another kernel are refused.
	other := rawOf(t, tInt, &btf.Struct{Name: "more", Size: 4}, &btf.Struct{Name: "shared", Size: 4, Members: []btf.Member{member("mark", tInt, 0)}})
	if _, err := Open(writeTypes(t, "other.btf", other), paths[:1]); refuse.ClassOf(err) != refuse.ClassBTF || !strings.Contains(err.Error(), paths[0]) {
		t.Errorf("on another kernel: %v", err)
	}
}

// TestRelocationsAreExplained has an object's relocations against two forms of what it asks for.
func TestRelocationsAreExplained(t *testing.T) {
	object := filepath.Join("..", "testdata", "core_missing.bpfel.o")
	if !objfile.NativeLittle {
		object = filepath.Join("..", "testdata", "core_missing.bpfeb.o")
	}
	has := func(name string, offset btf.Bits) btf.Type {
		list := &btf.Array{Index: tInt, Type: tInt, Nelems: 4}
		inner := &btf.Struct{Size: 32, Members: []btf.Member{member("list", list, offset)}}
		return &btf.Struct{Name: name, Size: 32, Members: []btf.Member{member("loadstone", inner, 0)}}
	}
	number := func(n uint64) *uint64 { return &n }
	const asks = "bpf_core_field_offset(struct task_struct, loadstone.list[2])"
	lacks := writeTypes(t, "lacks.btf", rawOf(t, &btf.Struct{Name: "task_struct", Size: 4}))
	one := writeTypes(t, "one.btf", rawOf(t, has("task_struct", 64)))
	two := writeTypes(t, "two.btf", rawOf(t, has("task_struct", 64), has("task_struct___2", 96)))
	for path, want := range map[string]Relocation{
		lacks: {Candidates: []Candidate{{lacks, "struct task_struct", 1, nil}}, Original: number(8),
			Poisoned: asks + ": not in struct task_struct of " + lacks + " (type 1)"},
		one: {Candidates: []Candidate{{one, "struct task_struct", 1, number(16)}}, Original: number(8), Value: number(16),
			Chosen: "struct task_struct of " + one + " (type 1)"},
		two: {Candidates: []Candidate{{two, "struct task_struct", 1, number(16)}, {two, "struct task_struct___2", 2, number(20)}},
			Refused: "16 in struct task_struct of " + two + " (type 1); 20 in struct task_struct___2 of " + two + " (type 2): " + refuse.ErrAmbiguousType.Error()},
	} {
		s, err := Open(path, nil)
		if err != nil {
			t.Fatal(err)
		}
		list, err := s.Explain(object)
		if err != nil || len(list) != 3 {
			t.Fatalf("%v, %v", list, err)
		}
		want.Section, want.Function, want.Instruction = "raw_tp/sys_enter", "live", 5
		want.Expression, want.Kind = asks, "byte offset of a field"
		if diff := cmp.Diff(want, list[2]); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", filepath.Base(path), diff)
		}
	}
	s, err := Open(one, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"absent.o", one} {
		if _, err := s.Explain(path); err == nil {
			t.Errorf("%s is explained", path)
		}
	}
}
