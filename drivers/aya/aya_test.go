// SPDX-License-Identifier: Apache-2.0

package aya

import (
	"bytes"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/cilium/ebpf"

	"github.com/loadstone-bpf/loadstone/drivers/bundle/bundletest"
	"github.com/loadstone-bpf/loadstone/drivers/rust/rusttest"
	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/objects"
)

// TestMain runs the tests in a mount namespace of their own: they mount a root for the driver.
func TestMain(m *testing.M) { bundletest.Main(m) }

func start(t *testing.T, objects map[string][]byte) *rusttest.Driver {
	t.Helper()
	return rusttest.Start(t, Source, rusttest.Manifest(t, Source).Newest(), objects)
}

func TestHelloSaysTheManifestsVersion(t *testing.T) {
	d := start(t, nil)
	ok := d.MustOK(loader.Hello{Protocols: []int{1}})
	if ok.Loader.Name != "aya" || ok.Loader.Version != d.Version ||
		ok.Features[loader.BTFMaps].Support != loader.Yes {
		t.Errorf("%+v", ok)
	}
	if want := rusttest.Manifest(t, Source).Homepage; ok.Loader.Homepage != want {
		t.Errorf("homepage %s, in the manifest %s", ok.Loader.Homepage, want)
	}
	if unknown := loader.UnknownFeatures(ok.Features); len(unknown) > 0 {
		t.Errorf("it claims %v", unknown)
	}
}

func TestSetLoadAttachPinAndClose(t *testing.T) {
	d := start(t, map[string][]byte{"counter.o": objects.MapDefs.Counter.ELF()})
	d.Want(rusttest.Open("counter.o"),
		&loader.OK{Maps: []loader.MapView{{Name: "counts"}},
			Programs: []loader.ProgramView{{Name: "count"}}})
	d.Want(rusttest.Open("counter.o"), &loader.Error{})
	d.Want(loader.Set{Session: "s", Target: "map", Name: "counts", Attr: loader.MaxEntries,
		Value: 77}, &loader.OK{})
	d.Want(loader.Set{Session: "s", Target: "map", Name: "counts", Attr: loader.NumaNode, Value: 0},
		&loader.Unsupported{Feature: "numa_node"})
	loaded, ok := d.Ask(loader.Load{Session: "s"}).(*loader.OK)
	if !ok || len(loaded.Maps) != 1 || loaded.Programs[0].ID == 0 {
		t.Fatalf("%+v", loaded)
	}
	m, err := ebpf.NewMapFromID(ebpf.MapID(loaded.Maps[0].ID))
	if err != nil {
		t.Fatal(err)
	}
	if m.MaxEntries() != 77 {
		t.Errorf("%d entries", m.MaxEntries())
	}
	d.Check(m.Close())
	attach := loader.Attach{Session: "s", Program: "count", Kind: "xdp", Ifindex: 1}
	attached, ok := d.Ask(attach).(*loader.OK)
	if !ok || attached.LinkID == 0 {
		t.Fatalf("%+v", attached)
	}
	d.Want(attach, &loader.Rejected{Stage: loader.AtAttach, Class: loader.Busy,
		Errno: int(syscall.EBUSY)})
	d.Want(loader.Detach{Session: "s", Handle: attached.Handle}, &loader.OK{})
	pin := loader.Pin{Session: "s", Target: "map", Name: "counts", Path: rusttest.BPFFS + "/counts"}
	d.Want(pin, &loader.OK{})
	d.Want(pin, &loader.Rejected{Stage: loader.AtPin, Class: loader.NameConflict,
		Errno: int(syscall.EEXIST)})
	if _, err := os.Stat(filepath.Join(d.Pins, "counts")); err != nil {
		t.Error(err)
	}
	d.Want(loader.Close{Session: "s"}, &loader.OK{})
	d.Want(loader.Load{Session: "s"}, &loader.Error{})
}

func TestMapWithoutAnObject(t *testing.T) {
	d := start(t, nil)
	hash := loader.MapAttributes{Type: uint32(ebpf.Hash), KeySize: 4, ValueSize: 8, MaxEntries: 3,
		Flags: 1}
	made, ok := d.Ask(loader.Create{Name: "made", Map: hash,
		Path: rusttest.BPFFS + "/made"}).(*loader.OK)
	if !ok {
		t.Fatalf("%+v", made)
	}
	m, err := ebpf.LoadPinnedMap(filepath.Join(d.Pins, "made"), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	info, err := m.Info()
	if err != nil {
		t.Fatal(err)
	}
	if id, _ := info.ID(); uint32(id) != made.ID || info.Name != "made" || info.Type != ebpf.Hash ||
		info.MaxEntries != 3 || info.Flags != 1 {
		t.Errorf("%+v, and the loader says %d", info, made.ID)
	}
	node, extra := hash, hash
	node.NumaNode, extra.MapExtra = 1, 1
	d.Want(loader.Create{Name: "m", Map: node, Path: rusttest.BPFFS + "/m"},
		&loader.Unsupported{Feature: "numa_node"})
	d.Want(loader.Create{Name: "m", Map: extra, Path: rusttest.BPFFS + "/m"},
		&loader.Unsupported{Feature: "map_extra"})
	d.Want(loader.Create{Name: "m", Map: hash, InnerMap: rusttest.BPFFS + "/made",
		Path: rusttest.BPFFS + "/m"}, &loader.Unsupported{Feature: "inner_map"})
	d.Want(loader.Create{Name: "m", Map: hash, Path: rusttest.BPFFS + "/made"},
		&loader.Rejected{Stage: loader.AtPin, Class: loader.NameConflict,
			Errno: int(syscall.EEXIST)})
	d.Want(loader.Create{Name: "m", Path: rusttest.BPFFS + "/m"},
		&loader.Rejected{Stage: loader.AtCreate, Class: loader.Invalid, Errno: int(syscall.EINVAL)})
	if _, err := os.Stat(filepath.Join(d.Pins, "m")); !os.IsNotExist(err) {
		t.Errorf("a pin is left: %v", err)
	}
}

func TestProgramThatIsLeftOutHasNoID(t *testing.T) {
	d := start(t, map[string][]byte{"counter.o": objects.MapDefs.Counter.ELF()})
	d.Ask(rusttest.Open("counter.o"))
	d.Want(loader.Set{Session: "s", Target: "program", Name: "count", Attr: loader.AutoLoad,
		Value: false}, &loader.OK{})
	if ok, _ := d.Ask(loader.Load{Session: "s"}).(*loader.OK); ok == nil || ok.Maps[0].ID == 0 ||
		ok.Programs[0].ID != 0 {
		t.Errorf("%+v", ok)
	}
}

func TestRefusals(t *testing.T) {
	counter := objects.MapDefs.Counter.ELF()
	d := start(t, map[string][]byte{
		"empty.o": nil, "text.o": []byte("this is no object of any kind, although it is long enough"), "half.o": bytes.Clone(counter[:len(counter)/2]),
		"flag.o": objects.MapDefs.KernelFlag.ELF(), "program.o": objects.MapDefs.KernelProgram.ELF(),
	})
	d.Want(rusttest.Open("nowhere.o"),
		&loader.Rejected{Stage: loader.AtOpen, Class: loader.IO, Errno: int(syscall.ENOENT)})
	for _, name := range []string{"empty.o", "text.o", "half.o"} {
		d.Want(rusttest.Open(name),
			&loader.Rejected{Stage: loader.AtOpen, Class: loader.MalformedELF})
	}
	d.Ask(rusttest.Open("flag.o"))
	d.Want(loader.Load{Session: "s"},
		&loader.Rejected{Stage: loader.AtCreate, Class: loader.Invalid, Errno: int(syscall.EINVAL)})
	d.Want(loader.Close{Session: "s"}, &loader.OK{})
	d.Ask(rusttest.Open("program.o"))
	d.Want(loader.Load{Session: "s"},
		&loader.Rejected{Stage: loader.AtVerify, Class: loader.Verifier,
			Errno: int(syscall.EACCES)})
}

func TestOptionsThatCannotBeFollowedAreUnsupported(t *testing.T) {
	d := start(t, nil)
	for _, tt := range []struct {
		options loader.OpenOptions
		want    loader.Feature
	}{
		{loader.OpenOptions{IgnoreUnknownFields: true}, loader.IgnoreUnknown},
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
}
