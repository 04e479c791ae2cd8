// SPDX-License-Identifier: Apache-2.0

package reference_test

import (
	"path/filepath"
	"runtime"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/loadstone-bpf/loadstone/drivers/reference"
	"github.com/loadstone-bpf/loadstone/loader"
)

// inOwnNetwork has the test's thread in namespaces of its own, with which it ends: lo has index 1,
// and a bpffs is mounted at the path that it returns.
func inOwnNetwork(t *testing.T) (bpffs string) {
	t.Helper()
	needsBPF(t)
	bpffs = t.TempDir()
	runtime.LockOSThread()
	for _, err := range []error{
		unix.Unshare(unix.CLONE_NEWNET | unix.CLONE_NEWNS | unix.CLONE_FS),
		unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""),
		unix.Mount("bpf", bpffs, "bpf", 0, ""),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		if err := unix.Unmount(bpffs, 0); err != nil {
			t.Error(err)
		}
	})
	return bpffs
}

// opened says hello, and opens and loads the object of the tests in sessions.
func opened(t *testing.T, bpffs string, sessions ...string) loader.Loader {
	t.Helper()
	l := reference.New()
	do(t, l, loader.Hello{Protocols: []int{loader.Version}, Dirs: loader.Dirs{BPFFS: bpffs}})
	for _, s := range sessions {
		for _, req := range []loader.Request{
			loader.Open{Session: s, Object: object("sections")}, loader.Load{Session: s},
		} {
			if _, ok := do(t, l, req).(*loader.OK); !ok {
				t.Fatalf("%T: refused", req)
			}
		}
	}
	return l
}

func TestOneProgramOnAnInterface(t *testing.T) {
	bpffs := inOwnNetwork(t)
	l := opened(t, bpffs, "a", "b")
	pin := filepath.Join(bpffs, "expected")
	busy := &loader.Rejected{Stage: loader.AtAttach, Class: loader.Busy, Errno: int(unix.EBUSY)}
	other := &loader.Rejected{Stage: loader.AtAttach, Class: loader.NameConflict, Errno: int(unix.EEXIST)}
	attach := func(session string, change func(*loader.Attach)) loader.Attach {
		q := loader.Attach{Session: session, Program: "plain", Kind: "xdp", Ifindex: 1}
		change(&q)
		return q
	}
	byNetlink := func(q *loader.Attach) { q.By = loader.ByNetlink }
	replacing := func(q *loader.Attach) { q.Replaces = pin }
	for _, step := range []struct {
		what string
		ask  loader.Request
		want loader.Reply
	}{
		{"in a mode that is none", attach("a", func(q *loader.Attach) { q.Mode = "hw" }), &loader.Unsupported{Feature: "mode/hw"}},
		{"in a way that is none", attach("a", func(q *loader.Attach) { q.By = "tc" }), &loader.Unsupported{Feature: "by/tc"}},
		{"no such pin", attach("a", replacing), &loader.Rejected{Stage: loader.AtAttach, Class: loader.NotFound, Errno: int(unix.ENOENT)}},
		{"by netlink", attach("a", byNetlink), &loader.OK{Handle: "1"}},
		{"again", attach("b", byNetlink), busy},
		{"by a link too", attach("b", func(*loader.Attach) {}), busy},
		{"pin another", loader.Pin{Session: "b", Target: "program", Name: "plain", Path: pin}, &loader.OK{}},
		{"in the place of another", attach("b", replacing), other},
		{"unpin", loader.Unpin{Session: "b", Target: "program", Name: "plain", Path: pin}, &loader.OK{}},
		{"pin it", loader.Pin{Session: "a", Target: "program", Name: "plain", Path: pin}, &loader.OK{}},
		{"in its place", attach("b", replacing), &loader.OK{Handle: "1"}},
		{"detach what is gone", loader.Detach{Session: "a", Handle: "1"}, other},
		{"close", loader.Close{Session: "b"}, &loader.OK{}},
		{"it stays", attach("a", byNetlink), busy},
		{"a chain beside it", loader.ChainRemove{Ifindex: 1}, &loader.Rejected{Stage: loader.AtAttach, Class: loader.Busy}},
	} {
		compare(t, step.what, step.want, do(t, l, step.ask))
	}
}

func TestChainsThatAreNone(t *testing.T) {
	l := opened(t, inOwnNetwork(t), "loaded")
	want := map[string]any{
		"interface": "", "ifindex": 0.0, "mode": "", "by": "", "dispatcher": 0.0, "version": 0.0,
		"frags": false, "dev_bound": false, "static": false, "programs": []any{},
	}
	ok, _ := do(t, l, loader.Query{What: "chain", Ifindex: 1}).(*loader.OK)
	if ok == nil {
		t.Fatal("a query about an interface without a program is refused")
	}
	if diff := cmp.Diff(any(want), ok.Answer); diff != "" {
		t.Errorf("no chain: (-want +got)\n%s", diff)
	}
	notFound := &loader.Rejected{Stage: loader.AtAttach, Class: loader.NotFound}
	compare(t, "take off what is not there", notFound, do(t, l, loader.ChainRemove{Ifindex: 1}))
	compare(t, "clean", &loader.OK{}, do(t, l, loader.ChainClean{Ifindex: 1}))
	compare(t, "other queries", &loader.Unsupported{Feature: "maps"}, do(t, l, loader.Query{What: "maps"}))
	compare(t, "a session that is loaded", &loader.Error{},
		do(t, l, loader.ChainAdd{Session: "loaded", Program: "plain", Ifindex: 1}))
	do(t, l, loader.Open{Session: "s", Object: object("sections")})
	compare(t, "an action that is none", &loader.Rejected{Stage: loader.AtOpen, Class: loader.Invalid},
		do(t, l, loader.ChainAdd{Session: "s", Program: "plain", Ifindex: 1, Actions: []loader.XDPAction{"accept"}}))
	compare(t, "a program that is none", &loader.Rejected{Stage: loader.AtOpen, Class: loader.NotFound},
		do(t, l, loader.ChainAdd{Session: "s", Program: "nowhere", Ifindex: 1}))
}
