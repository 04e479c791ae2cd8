// SPDX-License-Identifier: Apache-2.0

package libbpfrs

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"

	"github.com/loadstone-bpf/loadstone/drivers/bundle"
	"github.com/loadstone-bpf/loadstone/drivers/bundle/bundletest"
	"github.com/loadstone-bpf/loadstone/drivers/rust/rusttest"
	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/objects"
)

// TestMain runs the tests in a mount namespace of their own: they mount roots for the driver.
func TestMain(m *testing.M) { bundletest.Main(m) }

// eachVersion runs a test with a driver of each version, which can open objects by their names.
func eachVersion(t *testing.T, objects map[string][]byte, test func(d *rusttest.Driver)) {
	rusttest.EachVersion(t, Source,
		func(t *testing.T, version string) { test(rusttest.Start(t, Source, version, objects)) })
}

// counter returns an object with the map counts and the program count.
func counter() map[string][]byte {
	return map[string][]byte{"counter.o": objects.MapDefs.Counter.ELF()}
}

func set(target, name string, attribute loader.Attribute, value any) loader.Set {
	return loader.Set{Session: "s", Target: target, Name: name, Attr: attribute, Value: value}
}

// mapInfo returns what the kernel says of a map.
func mapInfo(t *testing.T, id uint32) *ebpf.MapInfo {
	t.Helper()
	m, err := ebpf.NewMapFromID(ebpf.MapID(id))
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	info, err := m.Info()
	if err != nil {
		t.Fatal(err)
	}
	return info
}

func TestHelloSaysTheManifestsVersion(t *testing.T) {
	eachVersion(t, nil, func(d *rusttest.Driver) {
		ok := d.MustOK(loader.Hello{Protocols: []int{1}})
		if ok.Loader.Name != "libbpf-rs" || ok.Loader.Version != d.Version ||
			ok.Features[loader.BTFMaps].Support != loader.Yes {
			d.Errorf("%+v", ok)
		}
		if want := rusttest.Manifest(d.T, Source).Homepage; ok.Loader.Homepage != want {
			d.Errorf("homepage %s, in the manifest %s", ok.Loader.Homepage, want)
		}
		if unknown := loader.UnknownFeatures(ok.Features); len(unknown) > 0 {
			d.Errorf("it claims %v", unknown)
		}
	})
}

func TestSetReachesTheKernel(t *testing.T) {
	eachVersion(t, counter(), func(d *rusttest.Driver) {
		d.Want(rusttest.Open("counter.o"), &loader.OK{
			Maps:     []loader.MapView{{Name: "counts"}},
			Programs: []loader.ProgramView{{Name: "count", Section: "xdp"}},
		})
		d.MustOK(set("map", "counts", loader.MaxEntries, 77))
		d.MustOK(set("map", "counts", loader.MapFlags, unix.BPF_F_NUMA_NODE))
		d.MustOK(set("map", "counts", loader.NumaNode, 0))
		d.MustOK(set("map", "counts", loader.PinPath, rusttest.BPFFS+"/asked"))
		loaded := d.MustOK(loader.Load{Session: "s"})
		info := mapInfo(d.T, loaded.Maps[0].ID)
		if info.MaxEntries != 77 || info.Flags != unix.BPF_F_NUMA_NODE {
			d.Errorf("%d entries, flags %#x", info.MaxEntries, info.Flags)
		}
		if _, err := os.Stat(filepath.Join(d.Pins, "asked")); err != nil {
			d.Error(err)
		}
		d.Want(set("map", "counts", loader.MaxEntries, 78),
			&loader.Rejected{Stage: loader.AtLoad, Class: loader.Busy})
	})
}

func TestWhatIsLeftOutHasNoID(t *testing.T) {
	several := map[string][]byte{"several.o": objects.MapDefs.Several.ELF()}
	eachVersion(t, several, func(d *rusttest.Driver) {
		opened := d.MustOK(rusttest.Open("several.o"))
		d.MustOK(set("map", "second", loader.AutoCreate, false))
		d.MustOK(set("map", "first", loader.AutoCreate, false))
		d.MustOK(set("map", "first", loader.AutoCreate, true))
		d.MustOK(set("program", opened.Programs[0].Name, loader.AutoLoad, false))
		loaded := d.MustOK(loader.Load{Session: "s"})
		if len(loaded.Maps) != 4 || loaded.Programs[0].ID != 0 {
			d.Fatalf("%+v", loaded)
		}
		for _, m := range loaded.Maps {
			if m.Name == "second" {
				if m.ID != 0 {
					d.Errorf("map %s was left out, and is %d", m.Name, m.ID)
				}
				continue
			}
			if name := mapInfo(d.T, m.ID).Name; name != m.Name {
				d.Errorf("map %s is the kernel's %s", m.Name, name)
			}
		}
	})
}

func TestPinUnpinAndClose(t *testing.T) {
	eachVersion(t, counter(), func(d *rusttest.Driver) {
		d.MustOK(rusttest.Open("counter.o"))
		early := loader.Pin{Session: "s", Target: "map", Name: "counts",
			Path: rusttest.BPFFS + "/early"}
		d.Want(early, &loader.Rejected{Stage: loader.AtPin, Class: loader.NotFound})
		loaded := d.MustOK(loader.Load{Session: "s"})
		for target, name := range map[string]string{"map": "counts", "program": "count"} {
			pin := loader.Pin{Session: "s", Target: target, Name: name,
				Path: rusttest.BPFFS + "/" + name}
			d.MustOK(pin)
			if _, err := os.Stat(filepath.Join(d.Pins, name)); err != nil {
				d.Error(err)
			}
			d.MustOK(loader.Unpin(pin))
			if _, err := os.Stat(filepath.Join(d.Pins, name)); err == nil {
				d.Errorf("%s is pinned still", name)
			}
		}
		nobody := loader.Pin{Session: "s", Target: "map", Name: "nobody",
			Path: rusttest.BPFFS + "/nobody"}
		d.Want(nobody, &loader.Rejected{Stage: loader.AtPin, Class: loader.NotFound})
		program, err := ebpf.NewProgramFromID(ebpf.ProgramID(loaded.Programs[0].ID))
		if err != nil {
			d.Fatal(err)
		}
		d.Check(program.Close())
		d.MustOK(loader.Close{Session: "s"})
		d.Want(loader.Load{Session: "s"}, &loader.Error{})
	})
}

func TestReuseAndInnerMap(t *testing.T) {
	all := counter()
	all["outer.o"] = objects.MapInMap.NoTemplateArray.ELF()
	eachVersion(t, all, func(d *rusttest.Driver) {
		first := rusttest.Open("counter.o")
		first.Session = "first"
		d.MustOK(first)
		pinned := d.MustOK(loader.Load{Session: "first"}).Maps[0].ID
		path := rusttest.BPFFS + "/pinned"
		d.MustOK(loader.Pin{Session: "first", Target: "map", Name: "counts", Path: path})

		d.MustOK(rusttest.Open("counter.o"))
		d.Want(set("map", "counts", loader.Reuse, path+"-not"),
			&loader.Rejected{Stage: loader.AtPin, Class: loader.NotFound})
		d.MustOK(set("map", "counts", loader.Reuse, path))
		if reused := d.MustOK(loader.Load{Session: "s"}).Maps[0].ID; reused != pinned {
			d.Errorf("map %d is used, want %d", reused, pinned)
		}
		d.MustOK(loader.Close{Session: "s"})

		d.MustOK(rusttest.Open("outer.o"))
		d.MustOK(set("map", "outer", loader.InnerMap, path))
		outer, _ := d.MustOK(loader.Load{Session: "s"}).Map("outer")
		if kind := mapInfo(d.T, outer.ID).Type; kind != ebpf.ArrayOfMaps {
			d.Errorf("outer is of type %s", kind)
		}
	})
}

func TestMapWithoutAnObject(t *testing.T) {
	eachVersion(t, nil, func(d *rusttest.Driver) {
		hash := loader.MapAttributes{Type: uint32(ebpf.Hash), KeySize: 4, ValueSize: 8,
			MaxEntries: 3, Flags: unix.BPF_F_NO_PREALLOC | unix.BPF_F_NUMA_NODE}
		made := d.MustOK(loader.Create{Name: "made", Map: hash, Path: rusttest.BPFFS + "/made"})
		info := mapInfo(d.T, made.ID)
		if info.Name != "made" || info.Type != ebpf.Hash || info.MaxEntries != 3 ||
			info.Flags != hash.Flags {
			d.Errorf("%+v", info)
		}
		outer := loader.MapAttributes{Type: uint32(ebpf.ArrayOfMaps), KeySize: 4, ValueSize: 4,
			MaxEntries: 2}
		d.MustOK(loader.Create{Name: "outer", Map: outer, InnerMap: rusttest.BPFFS + "/made",
			Path: rusttest.BPFFS + "/outer"})
		unknown := hash
		unknown.Type = 9999
		d.Want(loader.Create{Name: "m", Map: unknown, Path: rusttest.BPFFS + "/m"},
			&loader.Unsupported{Feature: "type"})
		d.Want(loader.Create{Name: "m", Map: outer, Path: rusttest.BPFFS + "/m"},
			&loader.Rejected{Stage: loader.AtCreate, Class: loader.Invalid})
		d.Want(loader.Create{Name: "m", Map: hash, Path: rusttest.BPFFS + "/made"},
			&loader.Rejected{Stage: loader.AtPin, Class: loader.NameConflict})
		if _, err := os.Stat(filepath.Join(d.Pins, "m")); !os.IsNotExist(err) {
			d.Errorf("a pin is left: %v", err)
		}
	})
}

func TestAttachAndDetach(t *testing.T) {
	for _, tt := range []struct {
		kind, program string // and its type
		link          bool
		again         loader.Reply // to the same request while it is attached
	}{
		{"xdp", "", true, &loader.Rejected{Stage: loader.AtAttach, Class: loader.Unclassified}}, // EBUSY, of which the crate has no kind
		{"tc", "tc", false, nil},
		{"cgroup", "cgroup_skb/egress", true, nil},
	} {
		t.Run(tt.kind, func(t *testing.T) {
			rusttest.EachVersion(t, Source, func(t *testing.T, version string) {
				d := rusttest.Start(t, Source, version, counter(), cgroups(t))
				d.MustOK(rusttest.Open("counter.o"))
				if tt.program != "" {
					d.MustOK(set("program", "count", loader.ProgramType, tt.program))
				}
				d.MustOK(loader.Load{Session: "s"})
				attach := loader.Attach{Session: "s", Program: "count", Kind: tt.kind, Ifindex: 1,
					Path: "/cgroups/child"}
				attached := d.MustOK(attach)
				if (attached.LinkID != 0) != tt.link || attached.Handle == "" {
					d.Errorf("%+v", attached)
				}
				if tt.again != nil {
					d.Want(attach, tt.again)
				}
				d.MustOK(loader.Detach{Session: "s", Handle: attached.Handle})
				d.Want(loader.Detach{Session: "s", Handle: attached.Handle}, &loader.Error{})
				d.MustOK(attach)
				d.MustOK(loader.Close{Session: "s"}) // which detaches
			})
		})
	}
}

// A program is attached where its section says, by libbpf's own handler of it.
func TestAttachBySection(t *testing.T) {
	for _, tt := range []struct {
		object objects.Object
		want   loader.Reply // nil for ok
	}{
		{objects.Attach.RawTracepoint, nil},
		{objects.Attach.RawTracepointMissing, &loader.Rejected{Stage: loader.AtAttach, Class: loader.NotFound}},
	} {
		files := map[string][]byte{"attach.o": tt.object.ELF()}
		rusttest.EachVersion(t, Source, func(t *testing.T, version string) {
			d := rusttest.Start(t, Source, version, files)
			d.MustOK(rusttest.Open("attach.o"))
			d.MustOK(loader.Load{Session: "s"})
			attach := loader.Attach{Session: "s", Program: "handle", Kind: "handler"}
			if tt.want != nil {
				d.Want(attach, tt.want)
				return
			}
			attached := d.MustOK(attach)
			if attached.LinkID == 0 || attached.Handle == "" {
				d.Errorf("%+v", attached)
			}
			d.MustOK(loader.Detach{Session: "s", Handle: attached.Handle})
			d.MustOK(loader.Close{Session: "s"})
		})
	}
}

// cgroups returns a hierarchy with an empty group named child.
func cgroups(t *testing.T) bundle.Dir {
	t.Helper()
	dir := t.TempDir()
	if err := unix.Mount("cgroup2", dir, "cgroup2", 0, ""); err != nil {
		t.Fatalf("mount cgroup2: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	child, err := os.MkdirTemp(dir, "loadstone")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.Remove(child); err != nil {
			t.Error(err)
		}
	})
	return bundle.Dir{Host: child, Inside: "/cgroups/child"}
}

func TestStructOpsAreRegisteredUntilTheyAreDetached(t *testing.T) {
	object := filepath.Join(t.TempDir(), "struct_ops.o")
	clang := exec.Command("clang-19", "-target", "bpf", "-mcpu=v3", "-g", "-O2", "-Wall", "-Werror",
		"-I../../objects/include", "-c", "testdata/struct_ops.bpf.c", "-o", object)
	if out, err := clang.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	elf, err := os.ReadFile(object)
	if err != nil {
		t.Fatal(err)
	}
	registered := func(d *rusttest.Driver) bool {
		names, err := os.ReadFile("/proc/sys/net/ipv4/tcp_available_congestion_control")
		d.Check(err)
		return strings.Contains(string(names), "loadstone_idle")
	}
	eachVersion(t, map[string][]byte{"struct_ops.o": elf}, func(d *rusttest.Driver) {
		d.MustOK(rusttest.Open("struct_ops.o"))
		d.MustOK(loader.Load{Session: "s"})
		attached := d.MustOK(loader.Attach{Session: "s", Program: "idle", Kind: "struct_ops"})
		if !registered(d) {
			d.Error("it is not registered")
		}
		d.MustOK(loader.Detach{Session: "s", Handle: attached.Handle})
		if registered(d) {
			d.Error("it is registered still")
		}
	})
}

func TestLinkedObjectLoads(t *testing.T) {
	all := counter()
	all["pass.o"] = objects.MapDefs.NoMaps.ELF()
	eachVersion(t, all, func(d *rusttest.Driver) {
		in, out := func(name string) string { return rusttest.Work + "/" + name },
			rusttest.Work+"/linked.o"
		d.MustOK(loader.Link{Inputs: []string{in("counter.o"), in("pass.o")}, Output: out})
		d.MustOK(rusttest.Open("linked.o"))
		loaded := d.MustOK(loader.Load{Session: "s"})
		if len(loaded.Maps) != 1 || len(loaded.Programs) != 2 {
			d.Errorf("%+v", loaded)
		}
		missing, _ := d.Ask(loader.Link{Inputs: []string{in("nowhere.o")},
			Output: out}).(*loader.Rejected)
		if missing == nil || missing.Stage != loader.AtLink {
			d.Errorf("of a file that is not there: %+v", missing)
		}
	})
}

func TestRefusals(t *testing.T) {
	good := objects.MapDefs.Counter.ELF()
	all := map[string][]byte{
		"empty.o": nil, "text.o": []byte("this is no object of any kind, although it is long enough"), "half.o": bytes.Clone(good[:len(good)/2]),
		"flag.o": objects.MapDefs.KernelFlag.ELF(), "program.o": objects.MapDefs.KernelProgram.ELF(), "unknown.o": objects.MapDefs.UnknownField.ELF(),
	}
	eachVersion(t, all, func(d *rusttest.Driver) {
		d.Want(rusttest.Open("nowhere.o"),
			&loader.Rejected{Stage: loader.AtOpen, Class: loader.NotFound})
		for _, name := range []string{"empty.o", "text.o", "half.o"} {
			if rejected, _ := d.Ask(rusttest.Open(name)).(*loader.Rejected); rejected == nil ||
				rejected.Stage != loader.AtOpen {
				d.Errorf("%s: %+v", name, rejected)
			}
		}
		if rejected, _ := d.Ask(rusttest.Open("unknown.o")).(*loader.Rejected); rejected == nil ||
			rejected.Stage != loader.AtOpen {
			d.Errorf("unknown field: %+v", rejected)
		}
		relaxed := rusttest.Open("unknown.o")
		relaxed.Options.IgnoreUnknownFields = true
		d.MustOK(relaxed)
		d.MustOK(loader.Close{Session: "s"})
		d.MustOK(rusttest.Open("flag.o"))
		d.Want(loader.Load{Session: "s"},
			&loader.Rejected{Stage: loader.AtLoad, Class: loader.Invalid})
		d.Want(loader.Load{Session: "s"}, &loader.Error{})
		d.MustOK(loader.Close{Session: "s"})
		d.MustOK(rusttest.Open("program.o"))
		d.Want(loader.Load{Session: "s"},
			&loader.Rejected{Stage: loader.AtLoad, Class: loader.Permission})
	})
}

func TestOptionsThatCannotBeFollowedAreUnsupported(t *testing.T) {
	eachVersion(t, nil, func(d *rusttest.Driver) {
		for _, tt := range []struct {
			options loader.OpenOptions
			want    loader.Feature
		}{
			{loader.OpenOptions{MapLayout: loader.IPRoute2Layout}, loader.Iproute2Maps},
			{loader.OpenOptions{MapLayout: loader.SamplesLayout}, "map_layout"},
			{loader.OpenOptions{PinMount: "/m"}, loader.Iproute2Maps},
			{loader.OpenOptions{PinIDs: map[string]string{"7": "seven"}}, loader.Iproute2Maps},
			{loader.OpenOptions{Handlers: []loader.Handler{loader.MapFieldHandler}}, loader.CallbackMaps},
			{loader.OpenOptions{Handlers: []loader.Handler{loader.ProgramExactHandler}}, loader.ProgramHandlers},
		} {
			req := rusttest.Open("any.o")
			req.Options = tt.options
			d.Want(req, &loader.Unsupported{Feature: tt.want})
		}
	})
}

func TestWhatHasNoCallIsUnsupported(t *testing.T) {
	eachVersion(t, counter(), func(d *rusttest.Driver) {
		d.MustOK(rusttest.Open("counter.o"))
		d.Want(set("map", "counts", loader.PinPath, ""), &loader.Unsupported{Feature: "pin_path"})
		d.Want(set("map", "counts", "colour", 1), &loader.Unsupported{Feature: "colour"})
		d.Want(set("program", "count", loader.ProgramType, "kprobe/x"),
			&loader.Unsupported{Feature: "program_type"})
		d.Want(set("map", "nobody", loader.MaxEntries, 1),
			&loader.Rejected{Stage: loader.AtOpen, Class: loader.NotFound})
		d.MustOK(loader.Load{Session: "s"})
		d.Want(loader.Attach{Session: "s", Program: "count", Kind: "tcx", Ifindex: 1},
			&loader.Unsupported{Feature: "tcx"})
		d.Want(loader.Query{Session: "s", What: "chain"}, &loader.Unsupported{Feature: "query"})
	})
}
