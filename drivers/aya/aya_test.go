// SPDX-License-Identifier: Apache-2.0

package aya

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"golang.org/x/sys/unix"

	"github.com/loadstone-bpf/loadstone/drivers/bundle"
	"github.com/loadstone-bpf/loadstone/drivers/bundle/bundletest"
	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/loader/schema"
	"github.com/loadstone-bpf/loadstone/objects"
	"github.com/loadstone-bpf/loadstone/vmtest/kernel"
)

// TestMain runs the tests in a mount namespace of their own: they mount a root for the driver.
func TestMain(m *testing.M) { bundletest.Main(m) }

// A driver is the aya driver, running in its own root.
type driver struct {
	*testing.T
	*loader.Client
	pins string // the host's path of bpffs
}

const (
	work  = "/work"
	bpffs = "/sys/fs/bpf" // of the test's own
)

// bundled makes the driver, which takes minutes the first time.
func bundled(t *testing.T) *bundle.Bundle {
	t.Helper()
	file, err := Source.Open("loader.yaml")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	m, err := loader.ParseManifest("loader.yaml", file)
	if err != nil {
		t.Fatal(err)
	}
	cache, err := kernel.DefaultCache()
	if err != nil {
		t.Fatal(err)
	}
	b, err := bundle.Build(t.Context(), bundle.Options{Manifest: m, Source: Source, Cache: cache, Notice: func(s string) { t.Log(s) }})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// start starts the driver with objects to open, by their names below work.
func start(t *testing.T, objects map[string][]byte) *driver {
	t.Helper()
	d := &driver{T: t, pins: t.TempDir()}
	if err := unix.Mount("bpf", d.pins, "bpf", 0, ""); err != nil {
		t.Fatalf("mount bpffs: %v", err)
	}
	t.Cleanup(func() { d.check(unix.Unmount(d.pins, unix.MNT_DETACH)) })
	dir := t.TempDir()
	for name, elf := range objects {
		d.check(os.WriteFile(filepath.Join(dir, name), elf, 0o644))
	}
	root, err := bundled(t).Enter(t.TempDir(), bundle.Dir{Host: dir, Inside: work}, bundle.Dir{Host: d.pins, Inside: bpffs})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.check(root.Close()) })
	ctx := context.WithoutCancel(t.Context()) // that one is over before the clean-up, in which the driver says goodbye
	cmd := root.Command(ctx)
	cmd.SysProcAttr.Unshareflags = syscall.CLONE_NEWNET // with a lo that nobody else attaches to
	d.Client, err = loader.Start(ctx, cmd, loader.Options{Trace: func(x loader.Exchange) {
		t.Logf("%s\n%s\n%s", x.Request, x.Reply, x.Stderr)
		d.check(schema.Validate(x.Request, x.Reply))
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.check(d.Client.Close()) })
	return d
}

func (d *driver) check(err error) {
	d.Helper()
	if err != nil {
		d.Error(err)
	}
}

// want compares a reply but for what is meant for people.
func (d *driver) want(req loader.Request, want loader.Reply) {
	d.Helper()
	people := cmp.Options{
		cmpopts.IgnoreFields(loader.Rejected{}, "Message", "Log"), cmpopts.IgnoreFields(loader.Error{}, "Message"),
		cmpopts.IgnoreFields(loader.Unsupported{}, "Reason"),
	}
	if diff := cmp.Diff(want, d.do(req), people); diff != "" {
		d.Errorf("%s: %s", req.Op(), diff)
	}
}

func (d *driver) do(req loader.Request) loader.Reply {
	d.Helper()
	reply, err := d.Do(d.Context(), req)
	if err != nil {
		d.Fatal(err)
	}
	return reply
}

func open(name string) loader.Open { return loader.Open{Session: "s", Object: work + "/" + name} }

func TestHelloSaysTheManifestsVersion(t *testing.T) {
	ok, _ := start(t, nil).do(loader.Hello{Protocols: []int{1}}).(*loader.OK)
	if ok == nil || ok.Loader.Name != "aya" || ok.Loader.Version != bundled(t).Version || ok.Features[loader.BTFMaps].Support != loader.Yes {
		t.Errorf("%+v", ok)
	}
}

func TestSetLoadAttachPinAndClose(t *testing.T) {
	d := start(t, map[string][]byte{"counter.o": objects.MapDefs.Counter.ELF()})
	d.want(open("counter.o"), &loader.OK{Maps: []loader.MapView{{Name: "counts"}}, Programs: []loader.ProgramView{{Name: "count"}}})
	d.want(open("counter.o"), &loader.Error{})
	d.want(loader.Set{Session: "s", Target: "map", Name: "counts", Attr: loader.MaxEntries, Value: 77}, &loader.OK{})
	d.want(loader.Set{Session: "s", Target: "map", Name: "counts", Attr: loader.NumaNode, Value: 0}, &loader.Unsupported{Feature: "numa_node"})
	loaded, ok := d.do(loader.Load{Session: "s"}).(*loader.OK)
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
	d.check(m.Close())
	attach := loader.Attach{Session: "s", Program: "count", Kind: "xdp", Ifindex: 1}
	attached, ok := d.do(attach).(*loader.OK)
	if !ok || attached.LinkID == 0 {
		t.Fatalf("%+v", attached)
	}
	d.want(attach, &loader.Rejected{Stage: loader.AtAttach, Class: loader.Busy, Errno: int(syscall.EBUSY)})
	d.want(loader.Detach{Session: "s", Handle: attached.Handle}, &loader.OK{})
	pin := loader.Pin{Session: "s", Target: "map", Name: "counts", Path: bpffs + "/counts"}
	d.want(pin, &loader.OK{})
	d.want(pin, &loader.Rejected{Stage: loader.AtPin, Class: loader.NameConflict, Errno: int(syscall.EEXIST)})
	if _, err := os.Stat(filepath.Join(d.pins, "counts")); err != nil {
		t.Error(err)
	}
	d.want(loader.Close{Session: "s"}, &loader.OK{})
	d.want(loader.Load{Session: "s"}, &loader.Error{})
}

func TestMapWithoutAnObject(t *testing.T) {
	d := start(t, nil)
	hash := loader.MapAttributes{Type: uint32(ebpf.Hash), KeySize: 4, ValueSize: 8, MaxEntries: 3, Flags: 1}
	made, ok := d.do(loader.Create{Name: "made", Map: hash, Path: bpffs + "/made"}).(*loader.OK)
	if !ok {
		t.Fatalf("%+v", made)
	}
	m, err := ebpf.LoadPinnedMap(filepath.Join(d.pins, "made"), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	info, err := m.Info()
	if err != nil {
		t.Fatal(err)
	}
	if id, _ := info.ID(); uint32(id) != made.ID || info.Name != "made" || info.Type != ebpf.Hash || info.MaxEntries != 3 || info.Flags != 1 {
		t.Errorf("%+v, and the loader says %d", info, made.ID)
	}
	node, extra := hash, hash
	node.NumaNode, extra.MapExtra = 1, 1
	d.want(loader.Create{Name: "m", Map: node, Path: bpffs + "/m"}, &loader.Unsupported{Feature: "numa_node"})
	d.want(loader.Create{Name: "m", Map: extra, Path: bpffs + "/m"}, &loader.Unsupported{Feature: "map_extra"})
	d.want(loader.Create{Name: "m", Map: hash, InnerMap: bpffs + "/made", Path: bpffs + "/m"}, &loader.Unsupported{Feature: "inner_map"})
	d.want(loader.Create{Name: "m", Map: hash, Path: bpffs + "/made"},
		&loader.Rejected{Stage: loader.AtPin, Class: loader.NameConflict, Errno: int(syscall.EEXIST)})
	d.want(loader.Create{Name: "m", Path: bpffs + "/m"}, &loader.Rejected{Stage: loader.AtCreate, Class: loader.Invalid, Errno: int(syscall.EINVAL)})
	if _, err := os.Stat(filepath.Join(d.pins, "m")); !os.IsNotExist(err) {
		t.Errorf("a pin is left: %v", err)
	}
}

func TestProgramThatIsLeftOutHasNoID(t *testing.T) {
	d := start(t, map[string][]byte{"counter.o": objects.MapDefs.Counter.ELF()})
	d.do(open("counter.o"))
	d.want(loader.Set{Session: "s", Target: "program", Name: "count", Attr: loader.AutoLoad, Value: false}, &loader.OK{})
	if ok, _ := d.do(loader.Load{Session: "s"}).(*loader.OK); ok == nil || ok.Maps[0].ID == 0 || ok.Programs[0].ID != 0 {
		t.Errorf("%+v", ok)
	}
}

func TestRefusals(t *testing.T) {
	counter := objects.MapDefs.Counter.ELF()
	d := start(t, map[string][]byte{
		"empty.o": nil, "text.o": []byte("this is no object of any kind, although it is long enough"), "half.o": bytes.Clone(counter[:len(counter)/2]),
		"flag.o": objects.MapDefs.KernelFlag.ELF(), "program.o": objects.MapDefs.KernelProgram.ELF(),
	})
	d.want(open("nowhere.o"), &loader.Rejected{Stage: loader.AtOpen, Class: loader.IO, Errno: int(syscall.ENOENT)})
	for _, name := range []string{"empty.o", "text.o", "half.o"} {
		d.want(open(name), &loader.Rejected{Stage: loader.AtOpen, Class: loader.MalformedELF})
	}
	d.do(open("flag.o"))
	d.want(loader.Load{Session: "s"}, &loader.Rejected{Stage: loader.AtCreate, Class: loader.Invalid, Errno: int(syscall.EINVAL)})
	d.want(loader.Close{Session: "s"}, &loader.OK{})
	d.do(open("program.o"))
	d.want(loader.Load{Session: "s"}, &loader.Rejected{Stage: loader.AtVerify, Class: loader.Verifier, Errno: int(syscall.EACCES)})
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
		req := open("any.o")
		req.Options = tt.options
		d.want(req, &loader.Unsupported{Feature: tt.want})
	}
}
