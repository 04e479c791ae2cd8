// SPDX-License-Identifier: Apache-2.0

package libbpf

import (
	"context"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/loadstone-bpf/loadstone/drivers/bundle"
	"github.com/loadstone-bpf/loadstone/drivers/bundle/bundletest"
	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/vmtest/kernel"
)

// TestMain runs the tests in a mount namespace of their own: they mount roots for the driver.
func TestMain(m *testing.M) { bundletest.Main(m) }

func manifest(t *testing.T) *loader.Manifest {
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
	return m
}

// A driver runs the libbpf driver in its own root.
type driver struct {
	*testing.T
	*loader.Client
	root    *bundle.Root
	pid     int
	version string
}

const (
	objects = "/objects"    // testdata, in the driver's root
	bpffs   = "/sys/fs/bpf" // of the test's own
)

func eachVersion(t *testing.T, do func(t *testing.T, version string)) {
	for _, version := range manifest(t).Sorted() {
		t.Run(version, func(t *testing.T) { do(t, version) })
	}
}

func start(t *testing.T, version string) *driver {
	t.Helper()
	cache, err := kernel.DefaultCache()
	if err != nil {
		t.Fatal(err)
	}
	b, err := bundle.Build(t.Context(),
		bundle.Options{Manifest: manifest(t), Version: version, Source: Source, Cache: cache,
			Notice: func(s string) { t.Log(s) }})
	if err != nil {
		t.Fatal(err)
	}
	testdata, err := filepath.Abs("testdata")
	if err != nil {
		t.Fatal(err)
	}
	pins := t.TempDir()
	if err := unix.Mount("bpf", pins, "bpf", 0, ""); err != nil {
		t.Fatalf("mount bpffs: %v", err)
	}
	t.Cleanup(func() { check(t, unix.Unmount(pins, unix.MNT_DETACH)) })
	root, err := b.Enter(t.TempDir(), bundle.Dir{Host: testdata, Inside: objects},
		bundle.Dir{Host: pins, Inside: bpffs})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { check(t, root.Close()) })
	// that one is over before the clean-up, in which the driver says goodbye
	ctx := context.WithoutCancel(t.Context())
	cmd := root.Command(ctx)
	cmd.SysProcAttr.Unshareflags = syscall.CLONE_NEWNET // with a lo of its own
	client, err := loader.Start(ctx, cmd,
		loader.Options{Trace: func(x loader.Exchange) {
			t.Logf("%s\n%s\n%s", x.Request, x.Reply, x.Stderr)
		}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { check(t, client.Close()) })
	d := &driver{T: t, Client: client, root: root, pid: cmd.Process.Pid, version: version}
	d.ok(loader.Hello{Protocols: []int{1}, Suite: "test",
		Dirs: loader.Dirs{Work: "/tmp", BPFFS: bpffs}})
	return d
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Error(err)
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

func (d *driver) ok(req loader.Request) *loader.OK {
	d.Helper()
	reply := d.do(req)
	ok, _ := reply.(*loader.OK)
	if ok == nil {
		d.Fatalf("%s: %#v, want ok", req.Op(), reply)
	}
	return ok
}

// refused returns a refusal without what is meant for people.
func (d *driver) refused(req loader.Request) loader.Rejected {
	d.Helper()
	reply := d.do(req)
	refusal, _ := reply.(*loader.Rejected)
	if refusal == nil {
		d.Fatalf("%s: %#v, want rejected", req.Op(), reply)
	}
	return loader.Rejected{Stage: refusal.Stage, Class: refusal.Class, Errno: refusal.Errno}
}

func (d *driver) unsupported(req loader.Request, want loader.Feature) {
	d.Helper()
	reply := d.do(req)
	if u, ok := reply.(*loader.Unsupported); !ok || u.Feature != want {
		d.Errorf("%+v: %+v, want unsupported %s", req, reply, want)
	}
}

func open(object string, options loader.OpenOptions) loader.Open {
	return loader.Open{Session: "s", Object: objects + "/" + object, Options: options}
}

// eventually waits for what the kernel does in its own time, after a grace period of RCU.
func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	deadline := time.After(20 * time.Second)
	for !done() {
		select {
		case <-deadline:
			t.Fatalf("%s: not within 20 s", what)
		case <-time.After(time.Millisecond):
		}
	}
}
