// SPDX-License-Identifier: Apache-2.0

package structops

import (
	"bytes"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/cilium/ebpf/btf"
	"github.com/google/go-cmp/cmp"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/mapdef"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/objfile"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/typeinfo"
)

var (
	word     = &btf.Int{Name: "unsigned int", Size: 4}
	char     = &btf.Int{Name: "char", Size: 1, Encoding: btf.Char}
	text     = &btf.Array{Type: char, Index: word, Nelems: 16}
	function = &btf.Pointer{Target: &btf.FuncProto{Return: &btf.Void{}}}
	pointer  = &btf.Pointer{Target: &btf.Void{}}
)

// kernel is a structure of a kernel: in another order than the test object's, with a state before
// it, and with members that the object does not know.
func kernel(t testing.TB, change func(s *btf.Struct)) *Kernel {
	t.Helper()
	s := &btf.Struct{Name: "tcp_congestion_ops", Size: 72, Members: []btf.Member{
		{Name: "get_info", Type: function, Offset: 0},
		{Name: "ssthresh", Type: function, Offset: 8 * 8},
		{Name: "init", Type: function, Offset: 16 * 8},
		{Name: "undo_cwnd", Type: function, Offset: 24 * 8},
		{Name: "cong_avoid", Type: &btf.Typedef{Name: "avoid", Type: function}, Offset: 32 * 8},
		{Name: "name", Type: text, Offset: 40 * 8},
		{Name: "key", Type: &btf.Typedef{Name: "u32", Type: word}, Offset: 56 * 8},
		{Name: "owner", Type: pointer, Offset: 64 * 8},
	}}
	if change != nil {
		change(s)
	}
	value := &btf.Struct{Name: "bpf_struct_ops_tcp_congestion_ops", Size: 136, Members: []btf.Member{
		{Name: "refcnt", Type: word},
		{Name: "state", Type: word, Offset: 4 * 8},
		{Name: "data", Type: s, Offset: 64 * 8},
	}}
	k, err := Find(parse(t, value, &btf.Struct{Name: "another_bpf_struct_ops_tcp_congestion_ops", Size: 4}), s.Name)
	if err != nil || k == nil {
		t.Fatal(k, err)
	}
	return k
}

// parse reads types as those of a kernel.
func parse(t testing.TB, list ...btf.Type) *typeinfo.Types {
	t.Helper()
	b, err := btf.NewBuilder(list, nil)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := b.Marshal(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	types, err := typeinfo.ParseKernel(raw, nil)
	if err != nil {
		t.Fatal(err)
	}
	return types
}

// readTest reads a test object of this machine's byte order.
func readTest(t testing.TB, name string) *objfile.File {
	t.Helper()
	order := "el"
	if !objfile.NativeLittle {
		order = "eb"
	}
	data, err := os.ReadFile("../../testdata/" + name + ".bpf" + order + ".o")
	if err != nil {
		t.Fatal(err)
	}
	f, err := objfile.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// structures reads the structures of an object.
func structures(f *objfile.File) (*typeinfo.Types, []*mapdef.Definition, error) {
	types, err := typeinfo.Parse(f)
	if err != nil || types == nil {
		return nil, nil, err
	}
	defs, err := mapdef.Find(&mapdef.Input{File: f, Types: types})
	return types, slices.DeleteFunc(defs, func(d *mapdef.Definition) bool { return d.StructOps == nil }), err
}

// structure returns one structure of the test object.
func structure(t *testing.T, name string) (*typeinfo.Types, *mapdef.Definition) {
	t.Helper()
	types, defs, err := structures(readTest(t, "struct_ops"))
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range defs {
		if d.Name == name {
			return types, d
		}
	}
	t.Fatalf("no structure %s", name)
	return nil, nil
}

func TestMembersGoWhereTheKernelHasThem(t *testing.T) {
	for _, name := range []string{"plain", "newer"} {
		types, d := structure(t, name)
		got, err := kernel(t, nil).Fit(types, d.StructOps, d.Raw)
		if err != nil {
			t.Fatal(err)
		}
		slices.SortFunc(got.Functions, func(a, b Function) int { return int(a.Index) - int(b.Index) })
		want := make([]byte, 136)
		copy(want[64+40:], map[string]string{"plain": "loadstone_test", "newer": "loadstone_newer"}[name])
		if diff := cmp.Diff(&Fitted{Value: want, Functions: []Function{
			{"ssthresh", "ssthresh", 1, 64 + 8}, {"undo_cwnd", "undo_cwnd", 3, 64 + 24}, {"cong_avoid", "cong_avoid", 4, 64 + 32},
		}}, got); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", name, diff)
		}
	}
}

func TestWhatTheKernelHasOtherwiseIsRefused(t *testing.T) {
	types, plain := structure(t, "plain")
	_, newer := structure(t, "newer")
	key := func(s *btf.Struct, m btf.Member) {
		i := slices.IndexFunc(s.Members, func(m btf.Member) bool { return m.Name == "key" })
		m.Name, m.Offset = "key", s.Members[i].Offset
		s.Members[i] = m
	}
	for name, c := range map[string]struct {
		of     *mapdef.Definition
		kernel func(s *btf.Struct)
		value  func(v []byte) // of the object's struct
		want   error
	}{
		"a longer number":                 {plain, func(s *btf.Struct) { key(s, btf.Member{Type: &btf.Int{Name: "u64", Size: 8}}) }, nil, refuse.ErrMemberDiffers},
		"another kind":                    {plain, func(s *btf.Struct) { key(s, btf.Member{Type: &btf.Enum{Name: "e", Size: 4}}) }, nil, refuse.ErrMemberDiffers},
		"a bitfield that is filled":       {plain, func(s *btf.Struct) { key(s, btf.Member{Type: word, BitfieldSize: 3}) }, func(v []byte) { v[48] = 1 }, refuse.ErrMemberDiffers},
		"a bitfield that is not":          {plain, func(s *btf.Struct) { key(s, btf.Member{Type: word, BitfieldSize: 3}) }, nil, nil},
		"no function":                     {plain, func(s *btf.Struct) { s.Members[1].Type = pointer }, nil, refuse.ErrMemberDiffers},
		"no such function, and a program": {plain, func(s *btf.Struct) { s.Members[1].Name = "renamed" }, nil, refuse.ErrMemberGone},
		"no such number, and it is zero":  {plain, func(s *btf.Struct) { s.Members[6].Name = "renamed" }, nil, nil},
		"no such number, and it is not":   {plain, func(s *btf.Struct) { s.Members[6].Name = "renamed" }, func(v []byte) { v[48] = 1 }, refuse.ErrMemberGone},
		"an address for a function":       {plain, nil, func(v []byte) { v[40] = 1 }, refuse.ErrMemberDiffers},
		"a number of the future":          {newer, nil, func(v []byte) { v[32] = 1 }, refuse.ErrMemberGone},
	} {
		k := kernel(t, c.kernel)
		value := bytes.Clone(c.of.Raw)
		if c.value != nil {
			c.value(value)
		}
		if _, err := k.Fit(types, c.of.StructOps, value); !errors.Is(err, c.want) || c.want == nil && err != nil {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

func TestFindTakesStructuresThatTheKernelCalls(t *testing.T) {
	types := parse(t, &btf.Struct{Name: "bpf_struct_ops_hollow", Size: 8, Members: []btf.Member{{Name: "refcnt", Type: word}}},
		&btf.Struct{Name: "other_ops", Size: 8})
	if k, err := Find(types, "other_ops"); k != nil || err != nil {
		t.Errorf("a structure that the kernel does not call: %+v, %v", k, err)
	}
	if _, err := Find(types, "hollow"); !errors.Is(err, refuse.ErrStructUnknown) {
		t.Errorf("a value without its structure: %v", err)
	}
}

// The kernel's own types are read as package btf reads them.
func TestKernelsStructuresAreThoseOfPackageBTF(t *testing.T) {
	raw, err := os.ReadFile("/sys/kernel/btf/vmlinux")
	if err != nil {
		t.Fatal(err)
	}
	types, err := typeinfo.ParseKernel(raw, nil)
	if err != nil {
		t.Fatal(err)
	}
	spec, err := btf.LoadSpecFromReader(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for typ, err := range spec.All() {
		if err != nil {
			t.Fatal(err)
		}
		s, ok := typ.(*btf.Struct)
		name, value := strings.CutPrefix(typ.TypeName(), Prefix)
		if !ok || !value {
			continue
		}
		at := slices.IndexFunc(s.Members, func(m btf.Member) bool { return m.Type.TypeName() == name })
		if at < 0 { // one of the kernel's own that is named alike
			if k, err := Find(types, name); !errors.Is(err, refuse.ErrStructUnknown) {
				t.Errorf("%s: %+v, %v", name, k, err)
			}
			continue
		}
		found++
		id, err := spec.TypeID(s)
		if err != nil {
			t.Fatal(err)
		}
		k, err := Find(types, name)
		if err != nil || k == nil {
			t.Errorf("%s: %+v, %v", name, k, err)
			continue
		}
		want := s.Members[at]
		inner := want.Type.(*btf.Struct)
		innerID, err := spec.TypeID(inner)
		if err != nil {
			t.Fatal(err)
		}
		var got, members []string
		for _, m := range k.members {
			got = append(got, m.Name)
		}
		for _, m := range inner.Members {
			members = append(members, m.Name)
		}
		if k.ValueID != id || k.Size != s.Size || k.ID != innerID || k.at != want.Offset.Bytes() || !slices.Equal(got, members) {
			t.Errorf("%s: %+v, want value %d of %d bytes, struct %d at %d with %v", name, k, id, s.Size, innerID, want.Offset.Bytes(), members)
		}
	}
	if found == 0 {
		t.Error("the kernel calls no structures")
	}
}

// FuzzFit fuzzes what an object says of its structures: types, values and relocations. Whatever it
// says, it is refused or is laid out as the kernel has it.
func FuzzFit(f *testing.F) {
	base := readTest(f, "struct_ops")
	section := func(f *objfile.File) *objfile.Section { return f.Named(".struct_ops") }
	f.Add(base.Named(typeinfo.Section).Data, section(base).Data, section(base).Relocs.Data)
	k := kernel(f, nil)
	f.Fuzz(func(t *testing.T, raw, data, relocs []byte) {
		file := *base
		file.Sections = slices.Clone(file.Sections)
		file.Named(typeinfo.Section).Data = raw
		if s := section(&file); uint64(len(data)) == s.Size {
			own := *s.Relocs
			own.Data = relocs
			s.Data, s.Relocs = data, &own
		}
		types, defs, err := structures(&file)
		if err != nil {
			if refuse.ClassOf(err) == refuse.ClassKernel {
				t.Fatalf("error %#v has no class: %v", err, err)
			}
			return
		}
		for _, d := range defs {
			fitted, err := k.Fit(types, d.StructOps, d.Raw)
			switch {
			case err != nil && refuse.ClassOf(err) == refuse.ClassKernel:
				t.Fatalf("error %#v has no class: %v", err, err)
			case err == nil && len(fitted.Value) != 136:
				t.Fatalf("value of %d bytes", len(fitted.Value))
			case err == nil && !isZero(fitted.Value[:64]):
				t.Fatalf("a state of its own: % x", fitted.Value[:64])
			}
		}
	})
}
