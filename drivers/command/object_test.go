// SPDX-License-Identifier: Apache-2.0

package command

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/objects"
	"github.com/loadstone-bpf/loadstone/objects/elfedit"
)

func TestWhatAnObjectSaysOfItself(t *testing.T) {
	for name, tt := range map[string]struct {
		object objects.Object
		want   *Object
	}{
		"program and map": {objects.MapDefs.Counter, &Object{
			Programs: []Program{{"count", "xdp"}}, Maps: []Map{{Name: "counts"}},
			References: []string{"counts"},
		}},
		"legacy map": {objects.MapDefs.LegacyCounter, &Object{
			Programs: []Program{{"count", "xdp"}}, Maps: []Map{{Name: "counts"}},
			References: []string{"counts"},
		}},
		"map without a program": {objects.MapDefs.Plain.With(elfedit.DropSection("xdp")), &Object{Maps: []Map{{Name: "m"}}}},
		"map of a subprogram": {objects.MapDefs.Subprogram, &Object{
			Programs: []Program{{"count", "xdp"}}, Maps: []Map{{Name: "counts"}},
			References: []string{"counts"},
		}},
		"two programs": {objects.MapDefs.Shared, &Object{
			Programs: []Program{{"add_one", "xdp"}, {"add_ten", "socket"}},
			Maps:     []Map{{Name: "counts"}}, References: []string{"counts"},
		}},
		"maps that no program uses": {objects.MapDefs.Several, &Object{
			Programs:   []Program{{"write_third", "xdp"}},
			Maps:       []Map{{Name: "third"}, {Name: "first"}, {Name: "second"}, {Name: "fourth"}},
			References: []string{"third"},
		}},
		"pinning of no kind": {objects.MapDefs.PinningUnknown, &Object{
			Programs: []Program{{"refer", "xdp"}}, Maps: []Map{{Name: "m"}},
			References: []string{"m"},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := readObject(bytes.NewReader(tt.object.ELF()))
			if diff := cmp.Diff(tt.want, got,
				cmpopts.IgnoreFields(Map{}, "Definition")); diff != "" || err != nil {
				t.Errorf("%v\n%s", err, diff)
			}
		})
	}
}

func TestBytesOfADefinition(t *testing.T) {
	o, err := readObject(bytes.NewReader(objects.MapDefs.LegacyCounter.ELF()))
	if err != nil {
		t.Fatal(err)
	}
	want := []byte{2, 0, 0, 0, 4, 0, 0, 0, 8, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0} // of an array
	if binary.NativeEndian.Uint16([]byte{1, 0}) == 1 && !bytes.Equal(want, o.Maps[0].Definition) {
		t.Errorf("% x", o.Maps[0].Definition)
	}
	for fault, edit := range map[string]elfedit.Edit{"too far": elfedit.MoveSymbol("counts", 4096),
		"too long": elfedit.ResizeSymbol("counts", 4096)} {
		o, err := readObject(bytes.NewReader(objects.MapDefs.LegacyCounter.With(edit).ELF()))
		if err != nil || o.Maps[0].Definition != nil {
			t.Errorf("%s: %v, %v", fault, o, err)
		}
	}
}

func TestPinningByName(t *testing.T) {
	number := &btf.Int{Name: "int", Size: 4, Encoding: btf.Signed}
	field := func(name string, n uint32) btf.Member {
		return btf.Member{Name: name,
			Type: &btf.Pointer{Target: &btf.Array{Index: number, Type: number, Nelems: n}}}
	}
	for name, tt := range map[string]struct {
		members []btf.Member
		want    bool
	}{
		"by name":         {[]btf.Member{field("type", 2), field("pinning", 1)}, true},
		"none":            {[]btf.Member{field("type", 2), field("pinning", 0)}, false},
		"of no kind":      {[]btf.Member{field("pinning", 2)}, false},
		"no number":       {[]btf.Member{{Name: "pinning", Type: number}}, false},
		"another field":   {[]btf.Member{field("type", 1)}, false},
		"not to an array": {[]btf.Member{{Name: "pinning", Type: &btf.Pointer{Target: number}}}, false},
	} {
		builder, err := btf.NewBuilder([]btf.Type{&btf.Struct{Size: 64, Members: tt.members}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		text, err := builder.Marshal(nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := pinsByName(text); got != tt.want {
			t.Errorf("%s: %v", name, got)
		}
	}
	if pinsByName([]byte("no BTF")) {
		t.Error("what is no BTF asks to be pinned")
	}
}

func TestFileThatIsNoObject(t *testing.T) {
	if o, err := ReadObject("/nonexistent"); err == nil {
		t.Errorf("%v", o)
	}
	name := filepath.Join(t.TempDir(), "text.o")
	if err := os.WriteFile(name, []byte("text"), 0o644); err != nil {
		t.Fatal(err)
	}
	if o, err := ReadObject(name); err == nil {
		t.Errorf("%v", o)
	}
}

func FuzzObject(f *testing.F) {
	for _, o := range []objects.Object{objects.MapDefs.Counter, objects.MapDefs.LegacyCounter,
		objects.MapDefs.Subprogram, objects.MapDefs.Several} {
		f.Add(o.ELF())
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		o, err := readObject(bytes.NewReader(data))
		if err == nil && o == nil {
			t.Error("neither an object nor an error")
		}
	})
}

func TestMapsHaveTheObjectsNames(t *testing.T) {
	const long, twin = "a_name_that_is_cut_in_the_kernel", "a_name_that_is_cut_too"
	for name, tt := range map[string]struct {
		used   []ebpf.MapID
		held   []ebpf.MapID
		kernel map[ebpf.MapID]string
		object *Object
		want   []loader.MapView
	}{
		"by name": {
			[]ebpf.MapID{7, 8}, nil, map[ebpf.MapID]string{7: "b", 8: "a"},
			&Object{Maps: []Map{{Name: "a"}, {Name: "b"}}},
			[]loader.MapView{{Name: "b", ID: 7}, {Name: "a", ID: 8}},
		},
		"without names in the kernel, by the order of the code": {
			[]ebpf.MapID{7, 8}, nil, map[ebpf.MapID]string{7: "", 8: ""},
			&Object{Maps: []Map{{Name: "a"}, {Name: "b"}}, References: []string{"b", "a"}},
			[]loader.MapView{{Name: "b", ID: 7}, {Name: "a", ID: 8}},
		},
		"cut": {
			[]ebpf.MapID{7}, nil, map[ebpf.MapID]string{7: "a_name_that_is_"},
			&Object{Maps: []Map{{Name: long}}},
			[]loader.MapView{{Name: long, ID: 7}},
		},
		"cut alike, by the order of the code": {
			[]ebpf.MapID{7, 8}, nil,
			map[ebpf.MapID]string{7: "a_name_that_is_", 8: "a_name_that_is_"},
			&Object{Maps: []Map{{Name: long}, {Name: twin}}, References: []string{twin, long}},
			[]loader.MapView{{Name: twin, ID: 7}, {Name: long, ID: 8}},
		},
		"cut alike, and nothing to tell them by": {
			[]ebpf.MapID{7}, []ebpf.MapID{8},
			map[ebpf.MapID]string{7: "a_name_that_is_", 8: "a_name_that_is_"},
			&Object{Maps: []Map{{Name: long}, {Name: twin}}},
			[]loader.MapView{{Name: "a_name_that_is_", ID: 7}, {Name: "a_name_that_is_", ID: 8},
				{Name: long}, {Name: twin}},
		},
		"code and kernel disagree": {
			[]ebpf.MapID{7, 8}, nil, map[ebpf.MapID]string{7: "a", 8: "c"},
			&Object{Maps: []Map{{Name: "a"}, {Name: "b"}}, References: []string{"b", "a"}},
			[]loader.MapView{{Name: "a", ID: 7}, {Name: "c", ID: 8}, {Name: "b"}},
		},
		"with data": {
			[]ebpf.MapID{7, 8, 9}, nil, map[ebpf.MapID]string{7: "o.bss", 8: "a", 9: "o.rodata"},
			&Object{Maps: []Map{{Name: "a"}}, References: []string{".bss", "a"}},
			[]loader.MapView{{Name: "o.bss", ID: 7}, {Name: "a", ID: 8}, {Name: "o.rodata", ID: 9}},
		},
		"an inner map without a name, and a map that is gone": {
			[]ebpf.MapID{7}, []ebpf.MapID{8}, map[ebpf.MapID]string{7: "", 8: ""},
			&Object{Maps: []Map{{Name: "outer"}, {Name: "inner"}, {Name: "gone"}},
				References: []string{"outer"}},
			[]loader.MapView{{Name: "outer", ID: 7}, {Name: "inner"}, {Name: "gone"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := &holding{maps: append(tt.used, tt.held...), names: tt.kernel}
			got := h.views(tt.used, tt.object, nil)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestMapWithoutANameIsKnownByItsSlot(t *testing.T) {
	inSlot := func(outer string, key uint32) (string, bool) {
		return "inner", outer == "outer" && key == 2
	}
	o := &Object{Maps: []Map{{Name: "outer"}, {Name: "inner"}}, References: []string{"outer"}}
	for name, tt := range map[string]struct {
		slots []slot
		want  []loader.MapView
	}{
		"known":     {[]slot{{7, 8, 2}}, []loader.MapView{{Name: "outer", ID: 7}, {Name: "inner", ID: 8}}},
		"not known": {[]slot{{7, 8, 3}}, []loader.MapView{{Name: "outer", ID: 7}, {Name: "inner"}}},
	} {
		h := &holding{maps: []ebpf.MapID{7, 8}, names: map[ebpf.MapID]string{7: "", 8: ""},
			slots: tt.slots}
		if diff := cmp.Diff(tt.want, h.views([]ebpf.MapID{7}, o, inSlot)); diff != "" {
			t.Errorf("%s\n%s", name, diff)
		}
	}
}
