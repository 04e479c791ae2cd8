// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"errors"
	"maps"
	"runtime"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"golang.org/x/sys/unix"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
)

// loopback is the index of lo in a network namespace of its own.
const loopback = 1

// inOwnNetwork has the test's thread in a network namespace of its own, with which it ends.
func inOwnNetwork(t *testing.T) {
	t.Helper()
	needsBPF(t)
	runtime.LockOSThread()
	do(t, unix.Unshare(unix.CLONE_NEWNET))
}

// passing is the code of a program that lets all packets pass.
var passing = asm.Instructions{asm.Mov.Imm(asm.R0, 2), asm.Return()}

// loadPlain loads an XDP program.
func loadPlain(t *testing.T) *ebpf.Program {
	t.Helper()
	loaded, err := openTest(t, "sections", Options{}).Load(LoadOptions{})
	do(t, err)
	t.Cleanup(func() { do(t, loaded.Close()) })
	return loaded.Programs["plain"]
}

// onLoopback checks which program lo has, nil for none.
func onLoopback(t *testing.T, when string, want *ebpf.Program) {
	t.Helper()
	wanted := map[XDPMode]ebpf.ProgramID{}
	if want != nil {
		info, err := want.Info()
		do(t, err)
		var known bool
		if wanted[XDPGeneric], known = info.ID(); !known {
			t.Fatal("the kernel does not tell the program's id")
		}
	}
	if got, err := XDPOn(loopback); err != nil || !maps.Equal(got, wanted) {
		t.Errorf("%s: programs %v, want %v (%v)", when, got, wanted, err)
	}
}

func TestNetlinkReplacesOnlyTheProgramExpected(t *testing.T) {
	inOwnNetwork(t)
	first, second := loadPlain(t), loadPlain(t)
	onLoopback(t, "at first", nil)
	do(t, SetXDP(loopback, XDPGeneric, first, nil))
	onLoopback(t, "attached", first)
	for _, c := range []struct {
		what              string
		program, expected *ebpf.Program
		want              error
	}{
		{"another where none was expected", second, nil, unix.EBUSY},
		{"another in the place of another", second, second, unix.EEXIST},
		{"another taken off", nil, second, unix.EEXIST},
	} {
		err := SetXDP(loopback, XDPGeneric, c.program, c.expected)
		var e *Error
		if !errors.Is(err, c.want) || !errors.As(err, &e) || e.Stage != refuse.StageAttach {
			t.Errorf("%s: error %v, want %v", c.what, err, c.want)
		}
		onLoopback(t, c.what, first)
	}
	do(t, SetXDP(loopback, XDPGeneric, second, first))
	onLoopback(t, "replaced", second)
	do(t, SetXDP(loopback, XDPGeneric, nil, second))
	onLoopback(t, "taken off", nil)
}

func TestLinkAndNetlinkExcludeEachOther(t *testing.T) {
	inOwnNetwork(t)
	first, second := loadPlain(t), loadPlain(t)
	link, err := LinkXDP(loopback, XDPGeneric, first)
	do(t, err)
	onLoopback(t, "linked", first)
	if err := SetXDP(loopback, XDPGeneric, second, first); !errors.Is(err, unix.EBUSY) {
		t.Errorf("netlink replaces a link's program: %v", err)
	}
	if _, err := LinkXDP(loopback, XDPGeneric, second); !errors.Is(err, unix.EBUSY) {
		t.Errorf("a second link: %v", err)
	}
	onLoopback(t, "after both", first)
	do(t, link.Close())
	onLoopback(t, "closed", nil)
}

func TestInterfacesAndModesThatAreNot(t *testing.T) {
	inOwnNetwork(t)
	p := loadPlain(t)
	if err := SetXDP(loopback, XDPNative, p, nil); !errors.Is(err, unix.EOPNOTSUPP) {
		t.Errorf("native mode on lo: %v", err)
	}
	for _, none := range []int{12345, 0, -1, 1<<32 + loopback} {
		if err := SetXDP(none, XDPGeneric, p, nil); !errors.Is(err, unix.ENODEV) {
			t.Errorf("interface %d: %v", none, err)
		}
		if _, err := LinkXDP(none, XDPGeneric, p); err == nil {
			t.Errorf("link to interface %d", none)
		}
		if _, err := XDPOn(none); !errors.Is(err, unix.ENODEV) {
			t.Errorf("programs of interface %d: %v", none, err)
		}
	}
	onLoopback(t, "after refusals", nil)
}

func TestExtensionsOfWhatIsNot(t *testing.T) {
	needsBPF(t)
	target := loadPlain(t)
	untyped, err := ebpf.NewProgram(&ebpf.ProgramSpec{Type: ebpf.XDP, License: "GPL", Instructions: passing})
	do(t, err)
	t.Cleanup(func() { do(t, untyped.Close()) })
	for _, c := range []struct {
		what     string
		target   *ebpf.Program
		function string
		want     error
	}{
		{"a function that the target does not have", target, "no_such_function", ClassNotFound},
		{"a target without types", untyped, "plain", ClassBTFMissing},
	} {
		o := openTest(t, "sections", Options{})
		do(t, o.Program("plain").SetTarget(c.target, c.function))
		if _, err := o.Load(LoadOptions{}); !errors.Is(err, c.want) {
			t.Errorf("load for %s: %v", c.what, err)
		}
		if _, err := AttachExtension(target, c.target, c.function); !errors.Is(err, c.want) {
			t.Errorf("attach to %s: %v", c.what, err)
		}
	}
	o := openTest(t, "sections", Options{})
	if err := o.Program("plain").SetTarget(target, ""); !errors.Is(err, refuse.ErrAttachTarget) {
		t.Errorf("no function: %v", err)
	}
	do(t, o.Program("plain").SetTarget(target, "plain"))
	want := ProgramKind{Type: ebpf.Extension, AttachTo: "plain"}
	if got := o.Program("plain").Kind(); got != want {
		t.Errorf("kind of an extension %+v, want %+v", got, want)
	}
}
