// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"bytes"
	"crypto/sha1"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/mapdef"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/sys"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/typeinfo"
)

func TestTheLayoutOfLegacyMapsFollowsARule(t *testing.T) {
	withoutTypes := func(e *edit) { e.order.PutUint32(e.header(typeinfo.Section)[4:], 0) } // SHT_NULL
	for _, c := range []struct {
		name   string
		object string
		edit   func(e *edit)
		layout string
		want   string // of all maps
		err    error  // or why they are refused
	}{
		{name: "by the name of the struct", object: "iproute2", want: "iproute2"},
		{name: "by the name of another struct", object: "samples", want: "samples"},
		{name: "by the members of a struct without a name", object: "iproute2_unnamed", want: "iproute2"},
		{name: "by size, which the struct without a name does not have", object: "iproute2_unnamed", edit: withoutTypes, err: refuse.ErrUnknownField},
		{name: "by what programs call that struct", object: "samples_legacy", want: "samples"},
		{name: "by the name of an unknown struct, whatever its size", object: "refused/legacy_tail", err: refuse.ErrUnknownField},
		{name: "by size", object: "iproute2_nobtf", want: "iproute2"},
		{name: "by size where sizes differ", object: "legacy_nobtf", want: "legacy"},
		{name: "by size, which is none for the samples", object: "samples", edit: withoutTypes, err: refuse.ErrUnknownField},
		{name: "by size, where there are no types to name", object: "iproute2", edit: withoutTypes, want: "iproute2"},
		{name: "as asked, without types", object: "samples", edit: withoutTypes, layout: "bpf_load_map_def", want: "samples"},
		{name: "as asked, against the name", object: "iproute2", layout: "bpf_map_def", err: refuse.ErrUnknownField},
		{name: "as asked, against the size", object: "iproute2_nobtf", layout: "bpf_map_def", err: refuse.ErrUnknownField},
		{name: "as asked, and too short for it", object: "refused/legacy_short", layout: "bpf_elf_map", err: refuse.ErrDefinition},
		{name: "as asked, and of several sizes", object: "legacy", layout: "bpf_elf_map", err: refuse.ErrDefinition},
		{name: "as asked, and shorter", object: "samples", layout: "bpf_elf_map", err: refuse.ErrInner},
		{name: "as asked of a layout that is none", object: "btf", layout: "bpf_map", err: refuse.ErrLayout},
	} {
		e := edited(t, c.object)
		if c.edit != nil {
			c.edit(e)
		}
		o, err := OpenBytes(e.data, Options{MapLayout: c.layout})
		if !errors.Is(err, c.err) {
			t.Errorf("%s: error %v, want %v", c.name, err, c.err)
		}
		if err != nil {
			continue
		}
		for _, m := range o.Maps() {
			if got := m.Definition().Source; got != c.want {
				t.Errorf("%s: %s is defined by %s, want %s", c.name, m.Name(), got, c.want)
			}
		}
	}
}

func TestShorterDefinitionsOfIproute2EndInZeros(t *testing.T) {
	o := openTest(t, "legacy_one", Options{MapLayout: "bpf_elf_map"})
	d := o.Map("m").Definition()
	if diff := cmp.Diff(&Iproute2Map{}, d.Iproute2); diff != "" || d.MaxEntries != 6 || d.Flags != mapdef.FlagNoPrealloc || d.Source != "iproute2" {
		t.Errorf("%+v %s", d, diff)
	}
}

func TestIproute2sMapsHoldMaps(t *testing.T) {
	for _, name := range []string{"iproute2", "iproute2_nobtf"} {
		l := load(t, name, Options{}, nil)
		checkHeld(t, l, heldMap{"in_array", 2, "first"}, heldMap{"in_array", 0, "second"}, heldMap{"in_hash", 2, "first"}, heldMap{"in_hash", 0, "second"})
		var id uint32
		if err := l.Maps["in_array"].Lookup(uint32(1), &id); !errors.Is(err, ebpf.ErrKeyNotExist) {
			t.Errorf("in_array holds %d at 1, %v", id, err)
		}
		if got := run(t, l, "entry"); got != 2 {
			t.Errorf("the tail call returned %d", got)
		}
		for m, want := range map[string]byte{"first": 2, "second": 1, "template": 0} {
			if got := value(t, l.Maps[m]); !bytes.Equal(got, native64(want)) {
				t.Errorf("%s: counted % x in %s, want %d", name, got, m, want)
			}
		}
	}
}

func TestInnerMapsThatAreChangedStillFit(t *testing.T) {
	l := load(t, "iproute2", Options{}, func(o *Object) {
		for _, m := range []string{"template", "first", "second"} {
			do(t, o.Map(m).Change(func(a *Attributes) { a.Type = ebpf.Hash }))
		}
	})
	checkHeld(t, l, heldMap{"in_array", 2, "first"})
}

func TestSamplesMapsOfMapsAreLikeTheMapOfThatIndex(t *testing.T) {
	l := load(t, "samples", Options{}, nil)
	do(t, l.Maps["like_the_second"].Put(uint32(7), uint32(l.Maps["on_node_zero"].FD())))
	if err := l.Maps["like_the_second"].Put(uint32(7), uint32(l.Maps["plain"].FD())); !errors.Is(err, unix.EINVAL) {
		t.Errorf("a map of another kind went in: %v", err)
	}
}

func TestSectionsOfTailCalls(t *testing.T) {
	type section struct {
		ID, Slot uint32
		OK       bool
	}
	for name, want := range map[string]section{
		"5/0": {5, 0, true}, "0x2a/0XF": {42, 15, true}, "010/07": {8, 7, true}, "0/0": {0, 0, true}, "4294967295/4294967295": {1<<32 - 1, 1<<32 - 1, true},
		"4294967296/0": {}, "5": {}, "5/": {}, "/5": {}, "5/0/1": {}, "-1/0": {}, "+1/0": {}, " 1/0": {}, "1/0 ": {}, "08/1": {}, "0x/1": {},
		"0b1/0": {}, "0o1/0": {}, "1_0/0": {}, "a/1": {}, "xdp/1": {}, "classifier": {}, "": {},
	} {
		var got section
		if got.ID, got.Slot, got.OK = tailCallSection(name); !got.OK {
			got = section{}
		}
		if got != want {
			t.Errorf("%q: %+v, want %+v", name, got, want)
		}
	}
}

func TestTailCallsAreOfTheKindOfTheirCaller(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(o *Object) error
		want   ebpf.ProgramType // of entry and last
	}{
		{"by its section", func(*Object) error { return nil }, ebpf.SchedCLS},
		{"as set for the caller", func(o *Object) error { return o.Program("entry").SetKind(ProgramKind{Type: ebpf.SchedACT}) }, ebpf.SchedACT},
		{"as set for all", func(o *Object) error {
			var errs []error
			for _, p := range o.Programs() {
				errs = append(errs, p.SetKind(ProgramKind{Type: ebpf.SchedACT}))
			}
			return errors.Join(errs...)
		}, ebpf.SchedACT},
	} {
		l := load(t, "iproute2", Options{}, func(o *Object) { do(t, c.change(o)) })
		for _, p := range []string{"entry", "last"} {
			if got := l.Programs[p].Type(); got != c.want {
				t.Errorf("%s: %s is of type %v, want %v", c.name, p, got, c.want)
			}
		}
	}
}

func TestTailCallsThatCannotBeFilledIn(t *testing.T) {
	needsBPF(t)
	for _, c := range []struct {
		name   string
		object string
		change func(o *Object) error
		want   error
		error  Error
	}{
		{"callers of two kinds", "two_callers", func(*Object) error { return nil }, refuse.ErrTailCallType,
			Error{Stage: refuse.StageLoad, Class: ClassSection, Section: "1/1", Symbol: "last"}},
		{"no caller", "iproute2", func(o *Object) error { return o.Program("entry").SetAutoload(false) }, refuse.ErrTailCallType,
			Error{Stage: refuse.StageLoad, Class: ClassSection, Section: "42/0xf", Symbol: "last"}},
		{"caller of no kind", "iproute2", func(o *Object) error { o.Program("entry").kind = ProgramKind{}; return nil }, refuse.ErrProgramType,
			Error{Stage: refuse.StageLoad, Class: ClassSection, Section: "classifier", Symbol: "entry"}},
		{"left out", "iproute2", func(o *Object) error { return o.Program("last").SetAutoload(false) }, refuse.ErrNotCreated,
			Error{Stage: refuse.StageLoad, Class: ClassInvalid, Section: "maps", Symbol: "jumps"}},
		{"array made shorter", "iproute2", func(o *Object) error { return o.Map("jumps").Change(func(a *Attributes) { a.MaxEntries = 15 }) }, unix.E2BIG,
			Error{Stage: refuse.StageLoad, Section: "maps", Symbol: "jumps"}},
	} {
		o := openTest(t, c.object, Options{})
		do(t, c.change(o))
		got := *checkLoadFails(t, c.name, o, c.want)
		got.Err, got.Object = nil, ""
		if diff := cmp.Diff(c.error, got); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", c.name, diff)
		}
	}
}

func TestHandlersOfSectionsOfTailCalls(t *testing.T) {
	setUp := func(asked *[]string) func(*Program) error {
		return func(p *Program) error {
			*asked = append(*asked, p.Name())
			return p.SetKind(ProgramKind{Type: ebpf.SchedCLS})
		}
	}
	var exact, fallback []string
	l := load(t, "iproute2", Options{ProgramHandlers: []ProgramHandler{
		{Section: "42/0xf", Setup: setUp(&exact)}, {Setup: setUp(&fallback)},
	}}, nil)
	if diff := cmp.Diff([]string{"last"}, exact); diff != "" {
		t.Errorf("the handler of the section: (-want +got)\n%s", diff)
	}
	if len(fallback) > 0 {
		t.Errorf("the handler of unknown sections was asked about %v", fallback)
	}
	var id uint32
	if err := l.Maps["jumps"].Lookup(uint32(15), &id); !errors.Is(err, ebpf.ErrKeyNotExist) {
		t.Errorf("program %d is where the section's name says, though a handler took the section (%v)", id, err)
	}
	want, err := programID(l, "unused")
	do(t, err)
	if err := l.Maps["jumps"].Lookup(uint32(8), &id); err != nil || id != want {
		t.Errorf("program %d in slot 8, want %d (%v)", id, want, err)
	}
}

func TestOneOfTwoCallersSaysTheKind(t *testing.T) {
	l := load(t, "two_callers", Options{}, func(o *Object) { do(t, o.Program("classify").SetAutoload(false)) })
	if got := l.Programs["last"].Type(); got != ebpf.XDP {
		t.Errorf("type %v", got)
	}
}

// pins lists all files and links below a folder.
func pins(t *testing.T, root string) []string {
	t.Helper()
	var list []string
	err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err == nil && !strings.HasSuffix(path, ".debug") && path != root {
			rel, _ := filepath.Rel(root, path)
			if target, err := os.Readlink(path); err == nil {
				rel += " -> " + target
			}
			list = append(list, rel)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	return list
}

// objectFolder returns the folder for the maps of a test object.
func objectFolder(t *testing.T, name string) string {
	return fmt.Sprintf("%x", sha1.Sum(readTest(t, name, native())))
}

func iproute2Options(root, subdir string) Options {
	return Options{Iproute2: Iproute2Options{PinMount: root, PinSubdir: subdir, PinIDs: map[uint32]string{11: "some/where"}}}
}

func openPinned(t *testing.T, opts Options) *Object {
	t.Helper()
	o, err := Open([]string{objectPath("iproute2_pinned", native())}, opts)
	if err == nil {
		err = o.Program("entry").SetKind(ProgramKind{Type: ebpf.SchedCLS})
	}
	if err != nil {
		t.Error(err)
		return nil
	}
	return o
}

func TestMapsArePinnedWhereIproute2PinsThem(t *testing.T) {
	sum := objectFolder(t, "iproute2_pinned")
	below := func(subdir string) []string {
		own, all := subdir+"/"+sum, subdir+"/globals"
		return []string{subdir, own, own + "/of_object", all, all + "/jumps", all + "/of_all"}
	}
	custom := []string{"some", "some/where", "some/where/of_some"}
	for subdir, want := range map[string][]string{
		"": append(below("tc"), custom...), "tc": append(below("tc"), custom...),
		"xdp": append(append(below("tc"), "xdp -> tc"), custom...), "ip": append(append(below("tc"), "ip -> tc"), custom...),
	} {
		onBPFFS(t, func(root string) {
			o := openPinned(t, iproute2Options(root, subdir))
			l, err := o.Load(LoadOptions{})
			if err != nil {
				t.Error(err)
				return
			}
			defer l.Close()
			slices.Sort(want)
			if diff := cmp.Diff(want, pins(t, root)); diff != "" {
				t.Errorf("%q: (-want +got)\n%s", subdir, diff)
			}
			for _, m := range o.Maps() {
				if m.Definition().PinPath == "" {
					continue
				}
				if same, err := pinsSame(l.Maps[m.Name()].FD(), m.Definition().PinPath); err != nil || !same {
					t.Errorf("%q: another map than %s at %s (%v)", subdir, m.Name(), m.Definition().PinPath, err)
				}
			}
		})
	}
}

func TestIproute2sMapsAreReusedAndTheirProgramsReplaced(t *testing.T) {
	onBPFFS(t, func(root string) {
		var maps, programs [2]uint32
		for i, subdir := range []string{"tc", "xdp"} {
			l, err := openPinned(t, iproute2Options(root, subdir)).Load(LoadOptions{})
			if err != nil {
				t.Error(err)
				return
			}
			defer l.Close()
			id, err := programID(l, "last")
			if err != nil || id == 0 {
				t.Errorf("load %d: program last is %d: %v", i, id, err)
			}
			if err := l.Maps["jumps"].Lookup(uint32(1), &programs[i]); err != nil || programs[i] != id {
				t.Errorf("load %d: program %d in the array, want %d (%v)", i, programs[i], id, err)
			}
			if maps[i], err = mapID(l, "of_all"); err != nil || maps[i] == 0 {
				t.Errorf("load %d: map of_all is %d: %v", i, maps[i], err)
			}
		}
		if maps[0] != maps[1] || programs[0] == programs[1] {
			t.Errorf("maps %v, programs %v: want one map, and two programs", maps, programs)
		}
	})
}

func TestAPinnedMapOfMapsNeedsNoInnerMaps(t *testing.T) {
	onBPFFS(t, func(root string) {
		checkLoadFails(t, "not pinned yet", openTest(t, "iproute2_outer", Options{Iproute2: Iproute2Options{PinMount: root}}), refuse.ErrInner)
		if left := pins(t, root); len(left) > 0 {
			t.Errorf("left %v", left)
		}
		inner := &ebpf.MapSpec{Type: ebpf.Array, KeySize: 4, ValueSize: 8, MaxEntries: 1}
		ids := make(map[string]uint32)
		for _, name := range []string{"of_id", "of_none"} {
			outer, err := ebpf.NewMap(&ebpf.MapSpec{Name: name, Type: ebpf.ArrayOfMaps, KeySize: 4, ValueSize: 4, MaxEntries: 2, InnerMap: inner})
			if err != nil {
				t.Error(err)
				return
			}
			defer outer.Close()
			folder := filepath.Join(root, "tc", "globals")
			if err := errors.Join(os.MkdirAll(folder, 0o700), outer.Pin(filepath.Join(folder, name))); err != nil {
				t.Error(err)
			}
			if ids[name], err = sys.IDOf(outer.FD()); err != nil {
				t.Error(err)
			}
		}
		l, err := openTest(t, "iproute2_outer", Options{Iproute2: Iproute2Options{PinMount: root}}).Load(LoadOptions{})
		if err != nil {
			t.Error(err)
			return
		}
		defer l.Close()
		for name, want := range ids {
			if got, err := mapID(l, name); err != nil || got != want {
				t.Errorf("%s is map %d, want %d (%v)", name, got, want, err)
			}
		}
	})
}

func TestAFailedLoadPutsProgramsBack(t *testing.T) {
	onBPFFS(t, func(root string) {
		array, err := ebpf.NewMap(&ebpf.MapSpec{Name: "jumps", Type: ebpf.ProgramArray, KeySize: 4, ValueSize: 4, MaxEntries: 2})
		if err != nil {
			t.Error(err)
			return
		}
		defer array.Close()
		l := load(t, "iproute2", Options{}, nil)
		old := l.Programs["last"]
		if err := array.Put(uint32(0), uint32(old.FD())); err != nil {
			t.Error(err)
			return
		}
		// The second of two slots is beyond the end of the array, which only the kernel can tell as
		// the map was changed after it was opened.
		o := openTest(t, "iproute2", Options{Iproute2: Iproute2Options{PinMount: root}})
		d := o.Map("jumps").def
		d.MaxEntries, d.Slots = 2, []mapdef.Slot{{Name: "last"}, {Index: 1, Name: "unused"}, {Index: 2, Name: "unused"}}
		path := filepath.Join(root, "jumps")
		if err := errors.Join(o.Map("jumps").SetPin(path, PinShare), array.Pin(path)); err != nil {
			t.Error(err)
			return
		}
		checkLoadFails(t, "slot beyond the end", o, unix.E2BIG)
		want, _ := programID(l, "last")
		var got uint32
		if err := array.Lookup(uint32(0), &got); err != nil || got != want {
			t.Errorf("program %d in slot 0, want %d back (%v)", got, want, err)
		}
		if err := array.Lookup(uint32(1), &got); !errors.Is(err, ebpf.ErrKeyNotExist) {
			t.Errorf("program %d in slot 1, which was empty (%v)", got, err)
		}
	})
}

func TestFoldersOfAFailedLoadAreRemoved(t *testing.T) {
	onBPFFS(t, func(root string) {
		for _, subdir := range iproute2Subdirs {
			o := openPinned(t, iproute2Options(root, subdir))
			if err := o.Map("jumps").Change(func(a *Attributes) { a.MaxEntries = 1 }); err != nil {
				t.Error(err)
			}
			checkLoadFails(t, "slot beyond the end", o, unix.E2BIG)
			if left := pins(t, root); len(left) > 0 {
				t.Errorf("%s: left %v", subdir, left)
			}
		}
	})
}

func TestFoldersOfOthersSurviveAFailedLoad(t *testing.T) {
	onBPFFS(t, func(root string) {
		for _, folder := range []string{"xdp/globals", "some"} {
			if err := os.MkdirAll(filepath.Join(root, folder), 0o700); err != nil {
				t.Error(err)
			}
		}
		o := openPinned(t, iproute2Options(root, "xdp"))
		if err := o.Map("jumps").Change(func(a *Attributes) { a.MaxEntries = 1 }); err != nil {
			t.Error(err)
		}
		checkLoadFails(t, "slot beyond the end", o, unix.E2BIG)
		if diff := cmp.Diff([]string{"some", "xdp", "xdp/globals"}, pins(t, root)); diff != "" {
			t.Error(diff)
		}
	})
}

func TestIproute2sPinsThatCannotBeMade(t *testing.T) {
	needsBPF(t)
	for _, c := range []struct {
		name   string
		opts   Options
		want   error
		class  Class
		symbol string
	}{
		{"no mount", Options{Iproute2: Iproute2Options{PinIDs: map[uint32]string{11: "some"}}}, refuse.ErrPinPath, ClassInvalid, "of_object"},
		{"no such id", Options{Iproute2: Iproute2Options{PinMount: "/nowhere", PinIDs: map[uint32]string{12: "some"}}}, refuse.ErrPinID, ClassNotFound, "of_some"},
		{"no folder at the mount", Options{Iproute2: Iproute2Options{PinMount: filepath.Join(t.TempDir(), "gone"), PinIDs: map[uint32]string{11: "some"}}}, refuse.ErrNotBPFFS,
			ClassInvalid, "of_object"},
		{"no bpffs at the mount", Options{Iproute2: Iproute2Options{PinMount: t.TempDir(), PinIDs: map[uint32]string{11: "some"}}}, refuse.ErrNotBPFFS, ClassInvalid, "of_object"},
	} {
		got := *checkLoadFails(t, c.name, openPinned(t, c.opts), c.want)
		got.Err, got.Object = nil, ""
		if diff := cmp.Diff(Error{Stage: refuse.StagePin, Class: c.class, Section: "maps", Symbol: c.symbol}, got); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", c.name, diff)
		}
		if c.name == "no bpffs at the mount" {
			if left := entries(t, c.opts.Iproute2.PinMount); len(left) > 0 {
				t.Errorf("%s: made %v", c.name, left)
			}
		}
	}
}

func TestACallerMayPinIproute2sMapsElsewhere(t *testing.T) {
	o := openPinned(t, Options{})
	for _, m := range o.Maps() {
		do(t, m.SetPin("", PinShare))
	}
	needsBPF(t)
	l, err := o.Load(LoadOptions{})
	do(t, err)
	do(t, l.Close())
}

func TestTablesOfPinningIDs(t *testing.T) {
	for text, want := range map[string]map[uint32]string{
		"": {}, "# nothing\n\n": {},
		"3 a/b\n  0x10\tc # more\n010 d/\n": {3: "a/b", 16: "c", 8: "d/"},
		"4294967295 last":                   {1<<32 - 1: "last"},
	} {
		got, err := ParsePinIDs([]byte(text))
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%q: %v %s", text, err, diff)
		}
	}
	for _, text := range []string{
		"0 a", "1 a", "2 a", "3", "a 3", "3 a b", "-3 a", "4294967296 a", "3 /a", "3 ..", "3 a/../../b", "3 a//b", "3 a.b", "3 .", "3 a\n3 b", "3 /",
		"3 " + strings.Repeat("a", 256), "3 " + strings.Repeat("a", 70000),
	} {
		ids, err := ParsePinIDs([]byte(text))
		var e *Error
		if !errors.Is(err, refuse.ErrPinTable) || !errors.Is(err, ClassInvalid) || !errors.As(err, &e) {
			t.Errorf("%.20q: %v, %v", text, ids, err)
		}
	}
}

func TestOptionsForIproute2sPinsAreChecked(t *testing.T) {
	for name, c := range map[string]struct {
		opts Options
		want error
	}{
		"absolute path":      {Options{Iproute2: Iproute2Options{PinIDs: map[uint32]string{3: "/etc"}}}, refuse.ErrPinTable},
		"path that leads up": {Options{Iproute2: Iproute2Options{PinIDs: map[uint32]string{3: "a/../../b"}}}, refuse.ErrPinTable},
		"path that is empty": {Options{Iproute2: Iproute2Options{PinIDs: map[uint32]string{3: ""}}}, refuse.ErrPinTable},
		"reserved id":        {Options{Iproute2: Iproute2Options{PinIDs: map[uint32]string{2: "a"}}}, refuse.ErrPinTable},
		"subdirectory":       {Options{Iproute2: Iproute2Options{PinSubdir: "../tc"}}, refuse.ErrPinSubdir},
	} {
		_, err := Open([]string{objectPath("btf", native())}, c.opts)
		compareRefusal(t, name, err, &Error{Stage: refuse.StageOpen, Class: ClassInvalid, Object: "btf"}, c.want)
	}
}

// FuzzPinIDs fuzzes iproute2's table of pinning ids: whatever it says, no path leaves the mount.
func FuzzPinIDs(f *testing.F) {
	f.Add([]byte("3 a/b\n  0x10\tc # more\n010 d/\n"))
	f.Add([]byte("3 ../x"))
	f.Fuzz(func(t *testing.T, table []byte) {
		ids, err := ParsePinIDs(table)
		if err != nil && !errors.Is(err, refuse.ErrPinTable) {
			t.Fatalf("error %v", err)
		}
		for id, path := range ids {
			if p := filepath.Join("/mount", path); id <= 2 || !filepath.IsLocal(path) || !strings.HasPrefix(p, "/mount/") {
				t.Fatalf("id %d leads to %s", id, p)
			}
		}
	})
}

// FuzzTailCallSection fuzzes names of sections: those that are numbers are so in any notation.
func FuzzTailCallSection(f *testing.F) {
	f.Add("5/0")
	f.Add("0x2a/010")
	f.Fuzz(func(t *testing.T, name string) {
		id, slot, ok := tailCallSection(name)
		if !ok {
			return
		}
		for _, text := range []string{fmt.Sprintf("%d/%d", id, slot), fmt.Sprintf("%#x/%#x", id, slot), fmt.Sprintf("%#o/%#o", id, slot)} {
			if id2, slot2, ok := tailCallSection(text); !ok || id2 != id || slot2 != slot {
				t.Fatalf("%q is %d/%d, and %q is %d/%d", name, id, slot, text, id2, slot2)
			}
		}
	})
}

func TestNamesLeadNowhereElse(t *testing.T) {
	tree, err := newPinTree(nil, &Iproute2Options{PinMount: "/mount", PinIDs: map[uint32]string{3: "a/"}})
	do(t, err)
	for name, want := range map[string]error{"m": nil, "..": refuse.ErrPinName, "../m": refuse.ErrPinName, "a/m": refuse.ErrPinName, "m.n": refuse.ErrPinName, "m\x00": refuse.ErrPinName} {
		path, err := tree.path(&mapdef.Definition{Name: name, Iproute2: &mapdef.Iproute2Map{Pinning: 3}})
		if !errors.Is(err, want) || want == nil && path != "/mount/a/m" {
			t.Errorf("%q: %s, %v, want %v", name, path, err, want)
		}
	}
}
