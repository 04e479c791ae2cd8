// SPDX-License-Identifier: Apache-2.0

package core

import (
	"errors"
	"strings"
	"testing"

	"github.com/cilium/ebpf/btf"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/objfile"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/typeinfo"
)

// splitSource makes a source of types that go on from a base's.
func splitSource(t testing.TB, base Source, name string, list ...btf.Type) Source {
	t.Helper()
	raw, _, _ := marshal(t, list)
	whole, err := typeinfo.ParseKernel(raw, nil)
	if err != nil {
		t.Fatal(err)
	}
	split, err := typeinfo.ParseKernel(whole.GoOn(base.Types), base.Types)
	if err != nil {
		t.Fatal(err)
	}
	return Source{name, split}
}

// values returns what all relocations of an object become, or the error.
func (o *object) values(r Resolver) string {
	r.Local = o.types
	results, err := r.Resolve(o.relos)
	if err != nil {
		return err.Error()
	}
	var text []string
	for i := range results {
		text = append(text, results[i].String())
	}
	return strings.Join(text, " ")
}

// TestRelocationsOfATypeChooseTogether has two types of one name. What the first asks for is in one
// of them only, and so is the other meant for the second, whichever comes first.
func TestRelocationsOfATypeChooseTogether(t *testing.T) {
	local := structure("s", 12, at(0, "a", tInt), at(4, "b", tInt), at(8, "c", tInt))
	whole := structure("s", 24, at(16, "a", tInt), at(20, "b", tInt))
	half := structure("s___2", 24, at(12, "b", tInt))
	third := structure("s___3", 24, at(8, "a", tInt))
	other := structure("s___4", 24, at(8, "c", tInt))
	a, b, c := ask{local, "0:0", FieldByteOffset}, ask{local, "0:1", FieldByteOffset}, ask{local, "0:2", FieldByteOffset}
	for _, c := range []struct {
		name    string
		asks    []ask
		targets []btf.Type
		want    string
	}{
		{"both", []ask{a, b}, types(whole, half), "16 20"},
		{"both, other order", []ask{b, a}, types(half, whole), "20 16"},
		{"one", []ask{b}, types(whole, half), "bpf_core_field_offset(struct s, b): 20 in struct s of vmlinux (type 1); " +
			"12 in struct s___2 of vmlinux (type 2): " + refuse.ErrAmbiguousType.Error()},
		{"none has both", []ask{a, b}, types(half, third), "bpf_core_field_offset(struct s, a): nothing in struct s___2 of vmlinux (type 1); " +
			"8 in struct s___3 of vmlinux (type 2): " + refuse.ErrAmbiguousType.Error()},
		{"another has the rest", []ask{a, b, c}, types(third, whole, other), "16 20 poisoned"},
	} {
		source, _ := kernel(t, "vmlinux", c.targets...)
		if got := newObject(t, c.asks...).values(Resolver{Sources: []Source{source}}); got != c.want {
			t.Errorf("%s: %s\nwant %s", c.name, got, c.want)
		}
	}
}

// TestSourcesAreAskedInOrder has the same type in several sources.
func TestSourcesAreAskedInOrder(t *testing.T) {
	o := newObject(t, ask{structure("s", 4, at(0, "a", tInt)), "0:0", FieldByteOffset})
	s := func(offset uint32) btf.Type { return structure("s", 64, at(offset, "a", tInt)) }
	vmlinux, _ := kernel(t, "vmlinux", tInt)
	with, _ := kernel(t, "vmlinux", s(4))
	nicA, nicB := splitSource(t, vmlinux, "nic_a.btf", s(8)), splitSource(t, vmlinux, "nic_b.btf", s(12))
	unread := errors.New("unreadable")
	others := func(err error, list ...Source) func() ([]Source, error) {
		return func() ([]Source, error) { return list, err }
	}
	for _, c := range []struct {
		name   string
		given  []Source
		others func() ([]Source, error)
		want   string
	}{
		{"in vmlinux", []Source{with}, func() ([]Source, error) { t.Error("modules are read"); return nil, nil }, "4"},
		{"in what is given", []Source{vmlinux, nicA}, others(nil, nicB), "8"},
		{"in a module", []Source{vmlinux}, others(nil, nicB), "12"},
		{"in a module beside one that is unreadable", []Source{vmlinux}, others(unread, nicB), "12"},
		{"nowhere", []Source{vmlinux}, others(nil), "poisoned"},
		{"nowhere, and no modules are asked", []Source{vmlinux}, nil, "poisoned"},
		{"perhaps in one that is unreadable", []Source{vmlinux}, others(unread),
			"bpf_core_field_offset(struct s, a): vmlinux has no struct s, and what may have it cannot be read: " + refuse.ErrKernelTypes.Error() + ": unreadable"},
		{"in two of what is given", []Source{vmlinux, nicA, nicB}, nil,
			"bpf_core_field_offset(struct s, a): 8 in struct s of nic_a.btf (type 2); 12 in struct s of nic_b.btf (type 2): " + refuse.ErrAmbiguousType.Error()},
	} {
		if got := o.values(Resolver{Sources: c.given, Others: c.others}); got != c.want {
			t.Errorf("%s: %s\nwant %s", c.name, got, c.want)
		}
	}
}

// TestTheCallerChoosesAmongTypes has a type of one name in several sources and forms, and says
// which is meant.
func TestTheCallerChoosesAmongTypes(t *testing.T) {
	plain, flavored := structure("s", 4, at(0, "a", tInt)), structure("s___x", 4, at(0, "a", tInt))
	one := newObject(t, ask{plain, "0:0", FieldByteOffset})
	both := newObject(t, ask{plain, "0:0", FieldByteOffset}, ask{flavored, "0:0", FieldByteOffset})
	s := func(name string, offset uint32) btf.Type { return structure(name, 64, at(offset, "a", tInt)) }
	vmlinux, _ := kernel(t, "vmlinux", tInt)
	nicA := splitSource(t, vmlinux, "nic_a.btf", s("s", 8), s("s___2", 16))
	nicB := splitSource(t, vmlinux, "nic_b.btf", s("s", 12))
	module := splitSource(t, vmlinux, "module m", s("s", 20))
	const asks = "bpf_core_field_offset(struct s, a): "
	const there = ": there is struct s of nic_a.btf (type 2), struct s___2 of nic_a.btf (type 3), struct s of nic_b.btf (type 2), struct s of module m (type 2)"
	for _, c := range []struct {
		name    string
		object  *object
		choices map[string]Choice
		want    string
	}{
		{"a source", one, map[string]Choice{"s": {Source: "nic_b.btf"}}, "12"},
		{"a name", one, map[string]Choice{"s": {Name: "s___2"}}, "16"},
		{"both", one, map[string]Choice{"s": {Source: "nic_a.btf", Name: "s"}}, "8"},
		{"a module, though others have it", one, map[string]Choice{"s": {Source: "module m"}}, "20"},
		{"one for each flavor", both, map[string]Choice{"s": {Source: "nic_b.btf"}, "s___x": {Name: "s___2"}}, "12 16"},
		{"one for all flavors", both, map[string]Choice{"s": {Source: "nic_b.btf"}}, "12 12"},
		{"for one flavor only", both, map[string]Choice{"s___x": {Source: "nic_b.btf"}}, asks + "8 in struct s of nic_a.btf (type 2); " +
			"16 in struct s___2 of nic_a.btf (type 3); 12 in struct s of nic_b.btf (type 2): " + refuse.ErrAmbiguousType.Error()},
		{"still several", one, map[string]Choice{"s": {Source: "nic_a.btf"}}, asks + "8 in struct s of nic_a.btf (type 2); " +
			"16 in struct s___2 of nic_a.btf (type 3): " + refuse.ErrAmbiguousType.Error()},
		{"a name that is not there", one, map[string]Choice{"s": {Name: "t"}}, asks + "t: " + refuse.ErrChosenType.Error() + there},
		{"a source without it", one, map[string]Choice{"s": {Source: "vmlinux"}}, asks + "that of vmlinux: " + refuse.ErrChosenType.Error() + there},
		{"a name in another source", one, map[string]Choice{"s": {"nic_b.btf", "s___2"}},
			asks + "s___2 of nic_b.btf: " + refuse.ErrChosenType.Error() + there},
	} {
		r := Resolver{Sources: []Source{vmlinux, nicA, nicB}, Choices: c.choices,
			Others: func() ([]Source, error) { return []Source{module}, nil }}
		if got := c.object.values(r); got != c.want {
			t.Errorf("%s: %s\nwant %s", c.name, got, c.want)
		}
		r.Local = c.object.types
		if err := r.CheckChoices(); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	for name, c := range map[string]struct {
		of     string
		choice Choice
		want   error
	}{
		"of no type": {"t", Choice{Name: "s"}, refuse.ErrChoiceFor},
		"of a flavor that the object does not have": {"s___y", Choice{Name: "s"}, refuse.ErrChoiceFor},
		"nothing": {"s", Choice{}, refuse.ErrNoChoice},
	} {
		r := Resolver{Local: both.types, Choices: map[string]Choice{c.of: c.choice}}
		if err := r.CheckChoices(); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		if r.Local = nil; !errors.Is(r.CheckChoices(), refuse.ErrChoiceFor) && c.choice != (Choice{}) {
			t.Errorf("%s, of an object without types: %v", name, r.CheckChoices())
		}
	}
}

// TestWhatIsLackingIsNamed holds what an error says of a relocation that a program came to.
func TestWhatIsLackingIsNamed(t *testing.T) {
	s := structure("s", 8, at(0, "a", structure("t", 8, at(4, "list", array(tInt, 1)))))
	enum := &btf.Enum{Name: "e", Size: 4, Values: []btf.EnumValue{{Name: "ONE"}}}
	o := newObject(t, ask{s, "0:0:0:0", FieldByteOffset}, ask{enum, "0", EnumValue}, ask{s, "1:0", FieldByteSize})
	source, _ := kernel(t, "vmlinux", structure("s", 4), structure("s___old", 4))
	r := Resolver{Local: o.types, Sources: []Source{source}}
	results, err := r.Resolve(o.relos)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{
		"bpf_core_field_offset(struct s, a.list[0]): not in struct s of vmlinux (type 1), struct s___old of vmlinux (type 2)",
		"bpf_core_enum_value(enum e, ONE): there is no enum e",
		"__builtin_preserve_field_info(((struct s *)0)[1].a, BPF_FIELD_BYTE_SIZE): not in struct s of vmlinux (type 1), struct s___old of vmlinux (type 2)",
	} {
		if got := results[i].Lack(o.types); got != want {
			t.Errorf("%s\nwant %s", got, want)
		}
	}
}

func TestExpressionsAreC(t *testing.T) {
	s := structure("s", 8, at(0, "a", array(structure("t", 4, at(0, "x", tInt)), 2)))
	enum := &btf.Enum{Name: "e", Size: 4, Values: []btf.EnumValue{{Name: "ONE"}}}
	for _, c := range []struct {
		ask  ask
		want string
	}{
		{ask{s, "0:0:1:0", FieldByteOffset}, "bpf_core_field_offset(struct s, a[1].x)"},
		{ask{s, "0:0", FieldByteSize}, "bpf_core_field_size(struct s, a)"},
		{ask{s, "0:0", FieldExists}, "bpf_core_field_exists(struct s, a)"},
		{ask{s, "0:0", FieldSigned}, "__builtin_preserve_field_info(((struct s *)0)->a, BPF_FIELD_SIGNED)"},
		{ask{s, "0", FieldByteSize}, "__builtin_preserve_field_info(((struct s *)0), BPF_FIELD_BYTE_SIZE)"},
		{ask{s, "3", FieldByteOffset}, "__builtin_preserve_field_info(((struct s *)0)[3], BPF_FIELD_BYTE_OFFSET)"},
		{ask{s, "0", TypeExists}, "bpf_core_type_exists(struct s)"},
		{ask{typedef("d", s), "0", TypeSize}, "bpf_core_type_size(d)"},
		{ask{union("u", 4), "0", TypeMatches}, "bpf_core_type_matches(union u)"},
		{ask{&btf.Fwd{Name: "f", Kind: btf.FwdUnion}, "0", TypeIDTarget}, "bpf_core_type_id_kernel(union f)"},
		{ask{tInt, "0", TypeIDLocal}, "bpf_core_type_id_local(int)"},
		{ask{enum, "0", EnumValueExists}, "bpf_core_enum_value_exists(enum e, ONE)"},
		{ask{s, "0:9", FieldExists}, `existence of a field: struct s, "0:9"`},
		{ask{s, "0", kinds}, `kind 13: struct s, "0"`},
	} {
		o := bare(t, c.ask)
		if got := o.relos[0].Expression(o.types); got != c.want {
			t.Errorf("%s\nwant %s", got, c.want)
		}
	}
}

// bare makes an object with a relocation that package btf may refuse to read.
func bare(t testing.TB, a ask) *object {
	t.Helper()
	raw, ids, at := marshal(t, types(a.root), a.access)
	parsed, err := typeinfo.ParseKernel(raw, nil)
	if err != nil {
		t.Fatal(err)
	}
	return &object{types: parsed, relos: []Relocation{{Root: ids[0], Access: at[0], Kind: a.kind}}}
}

// TestNonsenseIsRefused has relocations that no compiler writes.
func TestNonsenseIsRefused(t *testing.T) {
	s := structure("s", 8, at(0, "a", array(tInt, 2)))
	source, _ := kernel(t, "vmlinux", s)
	huge := structure("s", 1<<31, at(0, "a", array(array(tInt, 1<<15), 1<<13)))
	for _, a := range []ask{
		{s, "", FieldExists}, {s, ":0", FieldExists}, {s, "0:", FieldExists}, {s, "0:-1", FieldExists}, {s, "0:x", FieldExists},
		{s, "0:4294967296", FieldExists}, {s, "0:0:2", FieldExists}, {s, "0" + strings.Repeat(":0", 64), FieldExists}, {s, "0:0", TypeExists},
		{s, "1", TypeSize}, {s, "0", kinds}, {s, "0", 1 << 31}, {huge, "1073741823:0", FieldByteOffset}, {s, "2147483648", FieldByteOffset},
	} {
		o := bare(t, a)
		r := Resolver{Local: o.types, Sources: []Source{source}}
		if _, err := r.Resolve(o.relos); !errors.Is(err, refuse.ErrRelocation) {
			t.Errorf("%q of %v: %v, want %v", a.access, a.kind, err, refuse.ErrRelocation)
		}
	}
	o := bare(t, ask{s, "0:0", FieldExists})
	for _, r := range []Relocation{{Root: 99, Access: o.relos[0].Access}, {Root: 1, Access: 9999}, {Root: 0, Access: o.relos[0].Access}} {
		resolver := Resolver{Local: o.types, Sources: []Source{source}}
		_, err := resolver.Resolve([]Relocation{r})
		if c := refuse.ClassOf(err); c != refuse.ClassBTF && c != refuse.ClassRelocation {
			t.Errorf("%+v: %v", r, err)
		}
	}
}

// raw returns types of words, which can refer to themselves as no builder's can.
func raw(t *testing.T, text string, words ...uint32) *typeinfo.Types {
	t.Helper()
	order := objfile.NativeOrder()
	blob := order.AppendUint16(nil, 0xeb9f)
	blob = append(blob, 1, 0)
	n := uint32(4 * len(words))
	for _, w := range append([]uint32{24, 0, n, n, uint32(len(text))}, words...) {
		blob = order.AppendUint32(blob, w)
	}
	parsed, err := typeinfo.ParseKernel(append(blob, text...), nil)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

// TestCircularTypesEnd has types of a kernel that no compiler makes: they are compared for a while,
// and refused.
func TestCircularTypesEnd(t *testing.T) {
	kind := func(k typeinfo.Kind, vlen uint32) uint32 { return uint32(k)<<24 | vlen }
	const s, a = 1, 3 // offsets of names
	self := []uint32{s, kind(typeinfo.KindStruct, 2), 8, 0, 1, 0, 0, 1, 0}
	// A chain of structs, each of which has the next one twice, without a name: 2^40 ways.
	var wide []uint32
	const depth = 40
	for i := range uint32(depth) {
		name := uint32(0)
		if i == 0 {
			name = s
		}
		wide = append(wide, name, kind(typeinfo.KindStruct, 2), 8, 0, i+2, 0, 0, i+2, 0)
	}
	wide = append(wide, 0, kind(typeinfo.KindStruct, 0), 8)
	// The same with names, to be matched as a whole.
	var named []uint32
	for i := range uint32(24) {
		named = append(named, s, kind(typeinfo.KindStruct, 2), 8, a, i+2, 0, s, i+2, 0)
	}
	named = append(named, s, kind(typeinfo.KindStruct, 0), 8)
	arrays := []uint32{s, kind(typeinfo.KindStruct, 1), 8, a, 2, 0, 0, kind(typeinfo.KindArray, 0), 0, 2, 2, 1}
	typedefs := []uint32{s, kind(typeinfo.KindStruct, 1), 8, a, 2, 0, a, kind(typeinfo.KindTypedef, 0), 2}
	functions := []uint32{s, kind(typeinfo.KindTypedef, 0), 2}
	for i := range uint32(28) {
		functions = append(functions, 0, kind(typeinfo.KindFuncProto, 2), 0, 0, i+3, 0, i+3)
	}
	functions = append(functions, 0, kind(typeinfo.KindFuncProto, 0), 0)
	for _, c := range []struct {
		name  string
		words []uint32
		kinds []Kind
	}{
		{"struct in itself", self, []Kind{FieldExists}},
		{"many ways", wide, []Kind{FieldExists}},
		{"many ways with names", named, []Kind{TypeMatches}},
		{"array of itself", arrays, []Kind{TypeMatches}},
		{"typedef of itself", typedefs, []Kind{FieldExists, FieldByteSize, TypeMatches}},
		{"functions of functions", functions, []Kind{TypeExists, TypeMatches}},
	} {
		const text = "\x00s\x00a\x000:0\x000\x00"
		types := raw(t, text, c.words...)
		source := Source{"vmlinux", types}
		for _, k := range c.kinds {
			local := bare(t, ask{structure("s", 4, at(0, "a", array(tInt, 1))), "0:0", k})
			if k.ofType() {
				local = &object{types: types, relos: []Relocation{{Root: 1, Access: 9, Kind: k}}}
			}
			r := Resolver{Local: local.types, Sources: []Source{source}}
			results, err := r.Resolve(local.relos)
			if err == nil || refuse.ClassOf(err) != refuse.ClassBTF {
				t.Errorf("%s, %v: %v, %v, want %v", c.name, k, results, err, refuse.ErrBTF)
			}
		}
	}
}
