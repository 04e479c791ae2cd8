// SPDX-License-Identifier: Apache-2.0

package libbpf

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/google/go-cmp/cmp"

	"github.com/loadstone-bpf/loadstone/loader"
)

func TestHelloSaysWhoIsThere(t *testing.T) {
	eachVersion(t, func(t *testing.T, version string) {
		hello := start(t, version).ok(loader.Hello{Protocols: []int{7, 1}})
		want := &loader.Identity{
			Name: "libbpf", Version: version, Language: "c", Homepage: manifest(t).Homepage,
			Issues:     "https://github.com/libbpf/libbpf/issues",
			Components: map[string]string{"libbpf": version},
		}
		if diff := cmp.Diff(want, hello.Loader); diff != "" {
			t.Error(diff)
		}
		if unknown := loader.UnknownFeatures(hello.Features); len(unknown) > 0 {
			t.Errorf("libbpf %s claims %v", version, unknown)
		}
		legacy := hello.Features[loader.LegacyMaps].Support
		if isOld(version) != (legacy == loader.Yes) {
			t.Errorf("libbpf %s: legacy-maps %q", version, legacy)
		}
	})
}

// isOld reports whether a version is one from before 1.0. Of those there is 0.3.
func isOld(version string) bool { return strings.HasPrefix(version, "0.") }

func TestNothingOfTheHostIsLoaded(t *testing.T) {
	eachVersion(t, func(t *testing.T, version string) {
		d := start(t, version)
		maps, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", d.pid))
		if err != nil {
			t.Fatal(err)
		}
		var files []string
		for line := range strings.Lines(string(maps)) {
			fields := strings.Fields(line)
			if len(fields) < 6 || !strings.HasPrefix(fields[5], "/") {
				continue // no file: stack, heap, vdso
			}
			file, inside := strings.CutPrefix(fields[5], d.root.Dir+"/")
			if !inside {
				t.Errorf("the driver has %s of the host", fields[5])
			}
			files = append(files, filepath.Base(file))
		}
		for _, want := range []string{"driver", "libbpf.so.", "libelf.so.", "libz.so.",
			"libc.so."} {
			if !slices.ContainsFunc(files,
				func(f string) bool { return strings.HasPrefix(f, want) }) {
				t.Errorf("no %s among %v", want, files)
			}
		}
	})
}

func TestOpenMakesNothing(t *testing.T) {
	eachVersion(t, func(t *testing.T, version string) {
		d := start(t, version)
		got := d.ok(open("good.bpf.o", loader.OpenOptions{}))
		want := &loader.OK{
			Maps:     []loader.MapView{{Name: "counts"}, {Name: "shared"}, {Name: "good.rodata"}},
			Programs: []loader.ProgramView{{Name: "count", Section: "xdp"}},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		d.holdsNothing()
	})
}

func TestLoadMakesWhatTheKernelShowsAndCloseFreesIt(t *testing.T) {
	eachVersion(t, func(t *testing.T, version string) {
		d := start(t, version)
		d.ok(open("good.bpf.o", loader.OpenOptions{PinRoot: bpffs}))
		d.ok(loader.Set{Session: "s", Target: "map", Name: "counts", Attr: loader.MaxEntries,
			Value: 32})
		d.ok(loader.Set{Session: "s", Target: "map", Name: "shared", Attr: loader.PinPath,
			Value: ""})
		loaded := d.ok(loader.Load{Session: "s"})
		counts, _ := loaded.Map("counts")
		m, err := ebpf.NewMapFromID(ebpf.MapID(counts.ID))
		if err != nil {
			t.Fatal(err)
		}
		if m.Type() != ebpf.Hash || m.MaxEntries() != 32 {
			t.Errorf("map is %v, want a hash of 32", m)
		}
		check(t, m.Close())
		d.gone(loaded, func() { d.ok(loader.Close{Session: "s"}) })
	})
}

func TestResetFreesEverySession(t *testing.T) {
	d := start(t, manifest(t).Newest())
	first := open("good.bpf.o", loader.OpenOptions{PinRoot: bpffs})
	second := first
	second.Session = "t"
	d.ok(first)
	d.ok(second)
	loaded := d.ok(loader.Load{Session: "s"})
	d.ok(loader.Load{Session: "t"})
	check(t, os.Remove(filepath.Join(d.root.Dir, bpffs, "shared"))) // a pin stays
	d.gone(loaded, func() { d.ok(loader.Reset{}) })
	d.ok(first)
}

// gone sees that what was loaded is in the kernel, and no more after act.
func (d *driver) gone(loaded *loader.OK, act func()) {
	d.Helper()
	there := func() bool {
		any := false
		for _, m := range loaded.Maps {
			fd, err := ebpf.NewMapFromID(ebpf.MapID(m.ID))
			any = any || err == nil
			if err == nil {
				check(d.T, fd.Close())
			} else if !errors.Is(err, os.ErrNotExist) {
				d.Fatal(err)
			}
		}
		for _, p := range loaded.Programs {
			fd, err := ebpf.NewProgramFromID(ebpf.ProgramID(p.ID))
			any = any || err == nil
			if err == nil {
				check(d.T, fd.Close())
			} else if !errors.Is(err, os.ErrNotExist) {
				d.Fatal(err)
			}
		}
		return any
	}
	if !there() {
		d.Fatal("what was loaded is not in the kernel")
	}
	act()
	eventually(d.T, "the kernel frees it", func() bool { return !there() })
	d.holdsNothing()
}

// holdsNothing sees that the driver has no descriptor of a kernel object.
func (d *driver) holdsNothing() {
	d.Helper()
	dir := fmt.Sprintf("/proc/%d/fd", d.pid)
	entries, err := os.ReadDir(dir)
	if err != nil {
		d.Fatal(err)
	}
	for _, e := range entries {
		target, err := os.Readlink(filepath.Join(dir, e.Name()))
		if err == nil && strings.HasPrefix(target, "anon_inode:") &&
			(strings.Contains(target, "bpf") || strings.Contains(target, "btf")) {
			d.Errorf("the driver holds %s", target)
		}
	}
}

func TestRefusals(t *testing.T) {
	refusals := map[string]loader.Rejected{
		"unknown-field.bpf.o": {Stage: loader.AtOpen, Class: loader.NotSupported, Errno: 95},
		"nowhere.bpf.o":       {Stage: loader.AtOpen, Class: loader.NotFound, Errno: 2},
		"good.bpf.c":          {Stage: loader.AtOpen, Class: loader.Malformed},
		"no-entries.bpf.o":    {Stage: loader.AtLoad, Class: loader.Invalid, Errno: 22},
		"refused.bpf.o":       {Stage: loader.AtVerify, Class: loader.Verifier, Errno: 13},
	}
	eachVersion(t, func(t *testing.T, version string) {
		refusals := maps.Clone(refusals)
		if isOld(version) {
			// by a number of libbpf's own
			refusals["refused.bpf.o"] = loader.Rejected{Stage: loader.AtVerify,
				Class: loader.Verifier}
		} else {
			refusals["legacy.bpf.o"] = loader.Rejected{Stage: loader.AtOpen,
				Class: loader.NotSupported, Errno: 95}
		}
		d := start(t, version)
		for object, want := range refusals {
			var last loader.Request = open(object, loader.OpenOptions{})
			if want.Stage != loader.AtOpen {
				d.ok(last)
				last = loader.Load{Session: "s"}
			}
			if diff := cmp.Diff(want, d.refused(last)); diff != "" {
				t.Errorf("%s: %s", object, diff)
			}
			d.holdsNothing()
			if want.Stage != loader.AtOpen {
				d.ok(loader.Close{Session: "s"})
			}
		}
		d.ok(open("good.bpf.o", loader.OpenOptions{}))
	})
}

func TestVerifierLogComesWithItsRefusal(t *testing.T) {
	eachVersion(t, func(t *testing.T, version string) {
		d := start(t, version)
		d.ok(open("refused.bpf.o", loader.OpenOptions{}))
		refusal, _ := d.do(loader.Load{Session: "s"}).(*loader.Rejected)
		if refusal == nil || strings.Contains(refusal.Log, "invalid mem access") == isOld(version) {
			t.Errorf("%+v, want the verifier's words, which old versions do not hand to their caller", refusal)
		}
	})
}

func TestUnknownFieldIsIgnoredWhereAskedTo(t *testing.T) {
	eachVersion(t, func(t *testing.T, version string) {
		d := start(t, version)
		d.ok(open("unknown-field.bpf.o", loader.OpenOptions{IgnoreUnknownFields: true}))
		m, _ := d.ok(loader.Load{Session: "s"}).Map("m")
		if m.ID == 0 {
			t.Error("map m has no id")
		}
	})
}

func TestPins(t *testing.T) {
	eachVersion(t, func(t *testing.T, version string) {
		d := start(t, version)
		pinned := func(name string) bool {
			_, err := os.Stat(filepath.Join(d.root.Dir, bpffs, name))
			return err == nil
		}
		d.ok(open("good.bpf.o", loader.OpenOptions{PinRoot: bpffs + "/root"}))
		d.ok(loader.Set{Session: "s", Target: "map", Name: "counts", Attr: loader.PinPath,
			Value: bpffs + "/elsewhere"})
		d.ok(loader.Load{Session: "s"})
		d.ok(loader.Pin{Session: "s", Target: "program", Name: "count", Path: bpffs + "/program"})
		for _, name := range []string{"root/shared", "elsewhere", "program"} {
			if !pinned(name) {
				t.Errorf("%s is not pinned", name)
			}
		}
		d.ok(loader.Unpin{Session: "s", Target: "program", Name: "count", Path: bpffs + "/program"})
		d.ok(loader.Unpin{Session: "s", Target: "map", Name: "counts", Path: bpffs + "/elsewhere"})
		want := loader.Rejected{Stage: loader.AtPin, Class: loader.NotFound, Errno: 2}
		if diff := cmp.Diff(want,
			d.refused(loader.Pin{Session: "s", Target: "map", Name: "nobody",
				Path: bpffs + "/x"})); diff != "" {
			t.Error(diff)
		}
		d.ok(loader.Close{Session: "s"})
		if !pinned("root/shared") || pinned("program") || pinned("elsewhere") {
			t.Error("after close: want root/shared pinned, and neither of those that were unpinned")
		}
	})
}

func TestReusedMapIsThePinnedOne(t *testing.T) {
	eachVersion(t, func(t *testing.T, version string) {
		d := start(t, version)
		d.ok(open("good.bpf.o", loader.OpenOptions{PinRoot: bpffs}))
		first, _ := d.ok(loader.Load{Session: "s"}).Map("counts")
		d.ok(loader.Pin{Session: "s", Target: "map", Name: "counts", Path: bpffs + "/elsewhere"})
		second := open("good.bpf.o", loader.OpenOptions{PinRoot: bpffs})
		second.Session = "t"
		d.ok(second)
		reuse := loader.Set{Session: "t", Target: "map", Name: "counts", Attr: loader.Reuse,
			Value: bpffs + "/nowhere"}
		want := loader.Rejected{Stage: loader.AtPin, Class: loader.NotFound, Errno: 2}
		if diff := cmp.Diff(want, d.refused(reuse)); diff != "" {
			t.Errorf("reuse of nothing: %s", diff)
		}
		reuse.Value = bpffs + "/elsewhere"
		d.ok(reuse)
		if got, _ := d.ok(loader.Load{Session: "t"}).Map("counts"); got.ID != first.ID {
			t.Errorf("map %d, want the pinned one, %d", got.ID, first.ID)
		}
	})
}

func TestInnerMapIsTakenFromAPin(t *testing.T) {
	eachVersion(t, func(t *testing.T, version string) {
		d := start(t, version)
		d.ok(open("outer.bpf.o", loader.OpenOptions{}))
		refused := d.refused(loader.Load{Session: "s"})
		d.ok(loader.Close{Session: "s"})
		if refused.Stage != loader.AtLoad {
			t.Fatalf("without an inner map: %+v", refused)
		}
		good := open("good.bpf.o", loader.OpenOptions{PinRoot: bpffs})
		good.Session = "pins"
		d.ok(good)
		d.ok(loader.Load{Session: "pins"})
		d.ok(loader.Close{Session: "pins"})
		d.ok(open("outer.bpf.o", loader.OpenOptions{}))
		d.ok(loader.Set{Session: "s", Target: "map", Name: "outer", Attr: loader.InnerMap,
			Value: bpffs + "/shared"})
		outer, _ := d.ok(loader.Load{Session: "s"}).Map("outer")
		if outer.ID == 0 {
			t.Error("there is no map of maps")
		}
		d.ok(loader.Close{Session: "s"})
		d.holdsNothing()
	})
}

func TestMapExtraReachesTheKernel(t *testing.T) {
	eachVersion(t, func(t *testing.T, version string) {
		d := start(t, version)
		d.ok(open("good.bpf.o", loader.OpenOptions{PinRoot: bpffs}))
		set := loader.Set{Session: "s", Target: "map", Name: "counts", Attr: loader.MapExtra,
			Value: 3}
		if isOld(version) {
			d.unsupported(set, "map_extra")
			return
		}
		d.ok(set)
		// of a hash, by the kernel's map_create
		want := loader.Rejected{Stage: loader.AtLoad, Class: loader.Invalid, Errno: 22}
		if diff := cmp.Diff(want, d.refused(loader.Load{Session: "s"})); diff != "" {
			t.Error(diff)
		}
	})
}

func TestOptionsThatCannotBeFollowedAreUnsupported(t *testing.T) {
	eachVersion(t, func(t *testing.T, version string) {
		d := start(t, version)
		for _, c := range []struct {
			options loader.OpenOptions
			feature loader.Feature
		}{
			{loader.OpenOptions{MapLayout: loader.IPRoute2Layout}, loader.Iproute2Maps},
			{loader.OpenOptions{MapLayout: loader.SamplesLayout}, "map_layout"},
			{loader.OpenOptions{PinMount: bpffs}, loader.Iproute2Maps},
			{loader.OpenOptions{PinSubdir: "xdp"}, loader.Iproute2Maps},
			{loader.OpenOptions{PinIDs: map[string]string{"7": "seven"}}, loader.Iproute2Maps},
			{loader.OpenOptions{Handlers: []loader.Handler{loader.MapSectionHandler}}, loader.CallbackMaps},
			{loader.OpenOptions{Handlers: []loader.Handler{loader.MapFieldHandler}}, loader.CallbackMaps},
			{loader.OpenOptions{Handlers: []loader.Handler{"nobody"}}, loader.ProgramHandlers},
		} {
			d.unsupported(open("good.bpf.o", c.options), c.feature)
		}
		d.ok(open("good.bpf.o", loader.OpenOptions{MapLayout: loader.LegacyLayout}))
	})
}

func TestAttachAndDetach(t *testing.T) {
	eachVersion(t, func(t *testing.T, version string) {
		d := start(t, version)
		d.ok(open("good.bpf.o", loader.OpenOptions{PinRoot: bpffs}))
		d.ok(loader.Load{Session: "s"})
		lo := loader.Attach{Session: "s", Program: "count", Kind: "xdp", Ifindex: 1}
		attached := d.ok(lo)
		if attached.Handle == "" || attached.LinkID == 0 {
			t.Errorf("%+v, want a handle and a link", attached)
		}
		want := loader.Rejected{Stage: loader.AtAttach, Class: loader.Busy, Errno: 16}
		if diff := cmp.Diff(want, d.refused(lo)); diff != "" {
			t.Error(diff)
		}
		d.ok(loader.Detach{Session: "s", Handle: attached.Handle})
		d.ok(lo)
		d.ok(loader.Close{Session: "s"})
		d.holdsNothing()
	})
}

func TestSetRefused(t *testing.T) {
	d := start(t, manifest(t).Newest())
	d.ok(open("good.bpf.o", loader.OpenOptions{PinRoot: bpffs}))
	absent := loader.Set{Session: "s", Target: "map", Name: "nobody", Attr: loader.MaxEntries,
		Value: 1}
	if diff := cmp.Diff(loader.Rejected{Stage: loader.AtOpen, Class: loader.NotFound, Errno: 2},
		d.refused(absent)); diff != "" {
		t.Errorf("absent map: %s", diff)
	}
	wrong := loader.Set{Session: "s", Target: "program", Name: "count", Attr: loader.ProgramType,
		Value: "no such type"}
	if diff := cmp.Diff(loader.Rejected{Stage: loader.AtOpen, Class: loader.NotFound, Errno: 3},
		d.refused(wrong)); diff != "" {
		t.Errorf("no such program type: %s", diff)
	}
	d.ok(loader.Set{Session: "s", Target: "program", Name: "count", Attr: loader.ProgramType,
		Value: "xdp"})
	d.ok(loader.Set{Session: "s", Target: "map", Name: "counts", Attr: loader.AutoCreate,
		Value: true})
	d.ok(loader.Load{Session: "s"})
	late := loader.Set{Session: "s", Target: "map", Name: "counts", Attr: loader.MaxEntries,
		Value: 1}
	if diff := cmp.Diff(loader.Rejected{Stage: loader.AtOpen, Class: loader.Busy, Errno: 16},
		d.refused(late)); diff != "" {
		t.Errorf("after load: %s", diff)
	}
}

func TestProgramThatIsLeftOutHasNoID(t *testing.T) {
	d := start(t, manifest(t).Newest())
	d.ok(open("refused.bpf.o", loader.OpenOptions{}))
	d.ok(loader.Set{Session: "s", Target: "program", Name: "reads_through_null",
		Attr: loader.AutoLoad, Value: false})
	loaded := d.ok(loader.Load{Session: "s"})
	if diff := cmp.Diff([]loader.ProgramView{{Name: "reads_through_null", Section: "xdp"}},
		loaded.Programs); diff != "" {
		t.Error(diff)
	}
}

func TestWhatIsLeftToOthersIsUnsupported(t *testing.T) {
	d := start(t, manifest(t).Newest())
	d.ok(open("good.bpf.o", loader.OpenOptions{}))
	for _, c := range []struct {
		req     loader.Request
		feature loader.Feature
	}{
		{loader.Query{What: "chain"}, loader.XDPChain},
		{loader.Query{What: "metadata"}, loader.Metadata},
		{loader.Attach{Session: "s", Program: "count", Kind: "lirc", Ifindex: 1}, "lirc"},
		{loader.Set{Session: "s", Target: "map", Name: "counts", Attr: "colour", Value: 1}, "colour"},
	} {
		d.unsupported(c.req, c.feature)
	}
}
