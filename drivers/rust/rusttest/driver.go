// SPDX-License-Identifier: Apache-2.0

// Package rusttest helps the tests of drivers in Rust: it makes such a driver's bundle and runs it
// in its own root, as a run does.
package rusttest

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"golang.org/x/sys/unix"

	"github.com/loadstone-bpf/loadstone/drivers/bundle"
	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/loader/schema"
	"github.com/loadstone-bpf/loadstone/vmtest/kernel"
)

// Folders of a driver's root.
const (
	Work  = "/work"       // the objects that it is to open
	BPFFS = "/sys/fs/bpf" // one of the test's own
)

// A Driver runs in a network namespace of its own. Every exchange with it is held to the schema.
type Driver struct {
	*testing.T
	*loader.Client
	Version string // of the loader, as in its manifest
	Pins    string // the host's path of BPFFS
}

// Manifest returns the loader.yaml of a driver's folder.
func Manifest(t *testing.T, source fs.FS) *loader.Manifest {
	t.Helper()
	file, err := source.Open("loader.yaml")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close() // only read
	m, err := loader.ParseManifest("loader.yaml", file)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// EachVersion runs a test with each version that the manifest has.
func EachVersion(t *testing.T, source fs.FS, test func(t *testing.T, version string)) {
	for _, version := range Manifest(t, source).Sorted() {
		t.Run(version, func(t *testing.T) { test(t, version) })
	}
}

// Start starts the driver of a folder, with objects to open by their names below Work, and with
// other folders of the host. Its bundle takes minutes to make the first time. The process is one of
// those that bundletest.Main runs.
func Start(t *testing.T, source fs.FS, version string, objects map[string][]byte,
	dirs ...bundle.Dir) *Driver {
	t.Helper()
	d := &Driver{T: t, Version: version, Pins: t.TempDir()}
	if err := unix.Mount("bpf", d.Pins, "bpf", 0, ""); err != nil {
		t.Fatalf("mount bpffs: %v", err)
	}
	t.Cleanup(func() { d.Check(unix.Unmount(d.Pins, unix.MNT_DETACH)) })
	dir := t.TempDir()
	for name, elf := range objects {
		d.Check(os.WriteFile(filepath.Join(dir, name), elf, 0o644))
	}
	root, err := d.bundled(source).Enter(t.TempDir(),
		append(dirs, bundle.Dir{Host: dir, Inside: Work},
			bundle.Dir{Host: d.Pins, Inside: BPFFS})...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Check(root.Close()) })
	// that one is over before the clean-up, in which the driver says goodbye
	ctx := context.WithoutCancel(t.Context())
	cmd := root.Command(ctx)
	cmd.SysProcAttr.Unshareflags = syscall.CLONE_NEWNET // with a lo of its own
	d.Client, err = loader.Start(ctx, cmd, loader.Options{Trace: func(x loader.Exchange) {
		t.Logf("%s\n%s\n%s", x.Request, x.Reply, x.Stderr)
		d.Check(schema.Validate(x.Request, x.Reply))
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Check(d.Client.Close()) })
	return d
}

func (d *Driver) bundled(source fs.FS) *bundle.Bundle {
	d.Helper()
	cache, err := kernel.DefaultCache()
	if err != nil {
		d.Fatal(err)
	}
	b, err := bundle.Build(d.Context(), bundle.Options{
		Manifest: Manifest(d.T, source), Version: d.Version, Source: source, Cache: cache,
		Notice: func(s string) { d.Log(s) },
	})
	if err != nil {
		d.Fatal(err)
	}
	return b
}

// Check fails the test where there is an error.
func (d *Driver) Check(err error) {
	d.Helper()
	if err != nil {
		d.Error(err)
	}
}

// Ask makes a request. Anything but a reply ends the test.
func (d *Driver) Ask(req loader.Request) loader.Reply {
	d.Helper()
	reply, err := d.Do(d.Context(), req)
	if err != nil {
		d.Fatal(err)
	}
	return reply
}

// MustOK makes a request. Any other reply than ok ends the test.
func (d *Driver) MustOK(req loader.Request) *loader.OK {
	d.Helper()
	reply := d.Ask(req)
	ok, _ := reply.(*loader.OK)
	if ok == nil {
		d.Fatalf("%s: %+v", req.Op(), reply)
	}
	return ok
}

// Want makes a request and compares the reply but for what is meant for people.
func (d *Driver) Want(req loader.Request, want loader.Reply) {
	d.Helper()
	people := cmp.Options{
		cmpopts.IgnoreFields(loader.Rejected{}, "Message", "Log"),
		cmpopts.IgnoreFields(loader.Error{}, "Message"),
		cmpopts.IgnoreFields(loader.Unsupported{}, "Reason"),
	}
	if diff := cmp.Diff(want, d.Ask(req), people); diff != "" {
		d.Errorf("%s: %s", req.Op(), diff)
	}
}

// Open returns the request to open an object of that name as session s.
func Open(name string) loader.Open { return loader.Open{Session: "s", Object: Work + "/" + name} }
