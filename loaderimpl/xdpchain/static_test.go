// SPDX-License-Identifier: Apache-2.0

package xdpchain

import (
	"errors"
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/loadstone-bpf/loadstone/loaderimpl"
)

// loopback is the index of lo in a network namespace of its own.
const loopback = 1

// inOwnNetwork has the test's thread in namespaces of its own, with which it ends, and mounts a
// bpffs at the path that it returns.
func inOwnNetwork(t testing.TB) (bpffs string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Fatal("this test loads BPF programs: run it as root, go test -exec sudo ./loaderimpl/xdpchain")
	}
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

// component opens an object of one XDP program.
func component(t *testing.T, name string, actions ...string) Component {
	t.Helper()
	o, err := loaderimpl.Open([]string{"testdata/" + name + ".bpfel.o"}, loaderimpl.Options{})
	if err != nil {
		t.Fatal(err)
	}
	c := Component{Object: o}
	if actions != nil {
		a, err := ParseActions(actions)
		if err != nil {
			t.Fatal(err)
		}
		c.Actions = &a
	}
	return c
}

// verdictOf runs the program of the interface on a packet.
func verdictOf(t *testing.T, id ebpf.ProgramID) uint32 {
	t.Helper()
	p, err := ebpf.NewProgramFromID(id)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	verdict, _, err := p.Test(make([]byte, 64))
	if err != nil {
		t.Fatal(err)
	}
	return verdict
}

func TestAStaticChainRunsItsProgramsInOrder(t *testing.T) {
	bpffs := inOwnNetwork(t)
	options := Options{BPFFS: bpffs, Mode: loaderimpl.XDPGeneric}
	for what, c := range map[string]struct {
		components []Component
		programs   []Program
		frags      bool
		verdict    uint32
		seen       uint64 // what the first program counts
	}{
		"passes, then drops": {
			[]Component{component(t, "drops"), component(t, "passes")},
			[]Program{
				{Name: "passes", Priority: 10, Actions: []string{"pass"}, Frags: true},
				{Name: "drops", Slot: 1, Priority: 50, Actions: []string{"pass"}},
			}, false, 1, 3,
		},
		"passes, and that ends it": {
			[]Component{component(t, "passes", "tx"), component(t, "drops")},
			[]Program{
				{Name: "passes", Priority: 10, Actions: []string{"tx"}, Frags: true},
				{Name: "drops", Slot: 1, Priority: 50, Actions: []string{"pass"}},
			}, false, 2, 3,
		},
		"passes alone": {
			[]Component{component(t, "passes")},
			[]Program{{Name: "passes", Priority: 10, Actions: []string{"pass"}, Frags: true}}, true, 2, 3,
		},
	} {
		chain, loaded, err := AddStatic(t.Context(), loopback, c.components, options)
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		want := &Chain{Interface: "lo", Index: loopback, Mode: "skb", By: "netlink", Dispatcher: chain.Dispatcher,
			Version: 3, Frags: c.frags, Static: true, Programs: c.programs}
		if diff := cmp.Diff(want, chain); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", what, diff)
		}
		if verdict := verdictOf(t, chain.Dispatcher); verdict != c.verdict {
			t.Errorf("%s: verdict %d, want %d", what, verdict, c.verdict)
		}
		var seen uint64
		if err := loaded.Maps["passes_seen"].Lookup(uint32(0), &seen); err != nil || seen != c.seen {
			t.Errorf("%s: the first program counts %d, want %d (%v)", what, seen, c.seen, err)
		}
		if err := loaded.Close(); err != nil {
			t.Error(err)
		}
		all, err := List(bpffs)
		if diff := cmp.Diff([]*Chain{want}, all); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got)\n%s", what, err, diff)
		}
	}
	// The last of them is still there, and a chain of another kind does not touch it.
	if _, _, err := Add(t.Context(), loopback, []Component{component(t, "drops")}, options); !errors.Is(err, ErrMode) {
		t.Errorf("adding to a static chain: %v", err)
	}
	if _, err := Remove(t.Context(), loopback, []ebpf.ProgramID{1}, options); !errors.Is(err, ErrMode) {
		t.Errorf("taking one program out of a static chain: %v", err)
	}
	if left, err := Remove(t.Context(), loopback, nil, options); err != nil || left != nil {
		t.Errorf("taking the chain off: %v, %v", left, err)
	}
	if _, err := Read(loopback, bpffs); !errors.Is(err, ErrNone) {
		t.Errorf("after that: %v", err)
	}
	if entries, err := os.ReadDir(bpffs + "/xdp"); err != nil || len(entries) > 0 {
		t.Errorf("pins are left: %v, %v", entries, err)
	}
}

func TestAStaticChainThatCannotBe(t *testing.T) {
	bpffs := inOwnNetwork(t)
	options := Options{BPFFS: bpffs, Mode: loaderimpl.XDPGeneric}
	twice := []Component{component(t, "drops"), component(t, "drops")}
	var many []Component
	for range Slots + 1 {
		many = append(many, component(t, "drops"))
	}
	native := options
	native.Mode = loaderimpl.XDPNative
	for what, c := range map[string]struct {
		components []Component
		options    Options
		want       error
	}{
		"two programs of one name": {twice, options, loaderimpl.ClassInvalid},
		"eleven programs":          {many, options, ErrFull},
		"nothing":                  {nil, options, ErrProgram},
		"a mode that lo has not":   {twice[:1], native, unix.EOPNOTSUPP},
	} {
		_, _, err := AddStatic(t.Context(), loopback, c.components, c.options)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", what, err, c.want)
		}
		if _, err := Read(loopback, bpffs); !errors.Is(err, ErrNone) {
			t.Errorf("%s: the interface has a chain (%v)", what, err)
		}
	}
}

// An interface that runs another program keeps it, whatever is asked of a chain.
func TestForeignProgramsAreLeftAlone(t *testing.T) {
	bpffs := inOwnNetwork(t)
	options := Options{BPFFS: bpffs, Mode: loaderimpl.XDPGeneric}
	loaded, err := component(t, "drops").Object.Load(loaderimpl.LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer loaded.Close()
	if err := loaderimpl.SetXDP(loopback, loaderimpl.XDPGeneric, loaded.Programs["drops"], nil); err != nil {
		t.Fatal(err)
	}
	parts := []Component{component(t, "passes")}
	_, _, added := Add(t.Context(), loopback, parts, options)
	_, _, static := AddStatic(t.Context(), loopback, parts, options)
	_, removed := Remove(t.Context(), loopback, nil, options)
	_, read := Read(loopback, bpffs)
	for what, err := range map[string]error{"add": added, "add static": static, "remove": removed, "read": read} {
		var foreign *ForeignError
		if !errors.As(err, &foreign) || foreign.Name != "drops" || !strings.Contains(err.Error(), "take it off first") {
			t.Errorf("%s: %v", what, err)
		}
	}
	if on, err := loaderimpl.XDPOn(loopback); err != nil || on[loaderimpl.XDPGeneric] == 0 {
		t.Errorf("the program is gone: %v, %v", on, err)
	}
}
