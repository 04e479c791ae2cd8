// SPDX-License-Identifier: Apache-2.0

package libbpf

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/loadstone-bpf/loadstone/loader"
)

// lacksKind lists, by kind, the versions of libbpf without it.
var lacksKind = map[string][]string{"tc": {"0.3"}, "tcx": {"0.3", "1.1"}}

// A classifier is attached to the ingress of an interface and detached, twice: what the first
// detach left, the second attach would find.
func TestAttachAndDetachClassifier(t *testing.T) {
	eachVersion(t, func(t *testing.T, version string) {
		for _, tt := range []struct{ kind, section string }{
			{"tc", "tc"}, {"tcx", "tcx/ingress"},
		} {
			d := start(t, version)
			d.ok(open("good.bpf.o", loader.OpenOptions{PinRoot: bpffs}))
			at := loader.Attach{Session: "s", Program: "count", Kind: tt.kind, Ifindex: 1}
			if slices.Contains(lacksKind[tt.kind], version) {
				d.unsupported(at, loader.Feature(tt.kind))
				continue
			}
			d.ok(loader.Set{Session: "s", Target: "program", Name: "count", Attr: loader.ProgramType, Value: tt.section})
			d.ok(loader.Load{Session: "s"})
			for range 2 {
				attached := d.ok(at)
				if attached.Handle == "" || (attached.LinkID != 0) != (tt.kind == "tcx") {
					t.Errorf("%s: %+v, want a handle, and a link of tcx alone", tt.kind, attached)
				}
				d.ok(loader.Detach{Session: "s", Handle: attached.Handle})
			}
			at.Ifindex = 4711
			if diff := cmp.Diff(loader.Rejected{Stage: loader.AtAttach, Class: loader.NotFound, Errno: 19},
				d.refused(at)); diff != "" {
				t.Errorf("%s: no such interface: %s", tt.kind, diff)
			}
			at.Ifindex = 1
			d.ok(at) // and closed with the session
			d.ok(loader.Close{Session: "s"})
			d.holdsNothing()
		}
	})
}

func TestAttachToCgroup(t *testing.T) {
	cgroup := newCgroup(t)
	eachVersion(t, func(t *testing.T, version string) {
		d := start(t, version)
		d.ok(open("good.bpf.o", loader.OpenOptions{PinRoot: bpffs}))
		d.ok(loader.Set{Session: "s", Target: "program", Name: "count", Attr: loader.ProgramType, Value: "cgroup_skb/egress"})
		d.ok(loader.Load{Session: "s"})
		at := loader.Attach{Session: "s", Program: "count", Kind: "cgroup", Path: cgroup}
		for range 2 {
			attached := d.ok(at)
			if attached.Handle == "" || attached.LinkID == 0 {
				t.Errorf("%+v, want a handle and a link", attached)
			}
			d.ok(loader.Detach{Session: "s", Handle: attached.Handle})
		}
		at.Path = "/nowhere"
		if diff := cmp.Diff(loader.Rejected{Stage: loader.AtAttach, Class: loader.NotFound, Errno: 2},
			d.refused(at)); diff != "" {
			t.Errorf("no such cgroup: %s", diff)
		}
		d.ok(loader.Close{Session: "s"})
		d.holdsNothing()
	})
}

// newCgroup makes a cgroup, and returns its path.
func newCgroup(t *testing.T) string {
	t.Helper()
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(mounts)) {
		fields := strings.Fields(line)
		if fields[2] != "cgroup2" {
			continue
		}
		path := filepath.Join(fields[1], "loadstone-test-"+strconv.Itoa(unix.Getpid()))
		if err := os.Mkdir(path, 0o755); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { check(t, os.Remove(path)) })
		return path
	}
	t.Fatal("no cgroup2 is mounted here")
	return ""
}
