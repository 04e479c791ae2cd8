// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"syscall"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"
	ebpflink "github.com/cilium/ebpf/link"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/sys"
)

// boundFlags are the flags of an XDP program that its target has in its place, once it is loaded as
// an extension: BPF_F_XDP_HAS_FRAGS and BPF_F_XDP_DEV_BOUND_ONLY.
const boundFlags = 1<<5 | 1<<6

// SetTarget has the program loaded as an extension, to stand in the place of a function of target.
// With an empty function it is the one that the program's section names, freplace/FUNCTION. The
// program may be of any section whose programs target's functions can be: an XDP program extends
// those of an XDP program that take its context. Nothing is attached by the load: [AttachExtension]
// does that.
//
// The target has to be open until the object is loaded, and must have BTF. It is refused with
// [ClassInvalid] after a load. The load's error is of [ClassNotFound] if target has no such
// function, of [ClassBTFMissing] if it or the object has no types, and of [ClassVerifier] where the
// two functions do not fit.
func (p *Program) SetTarget(target *ebpf.Program, function string) error {
	return p.object.change(p.name, func() error {
		if function == "" && p.kind.Type == ebpf.Extension {
			function = p.kind.AttachTo
		}
		if function == "" {
			return refuse.ErrAttachTarget
		}
		p.target = target
		p.kind = ProgramKind{Type: ebpf.Extension, AttachTo: function,
			Flags: p.kind.Flags &^ boundFlags}
		return nil
	})
}

// checkTarget finds what an extension lacks, before anything is made.
func (p *Program) checkTarget() error {
	switch {
	case p.target == nil:
		return refuse.ErrTarget
	case p.object.types == nil || p.object.ext == nil:
		return refuse.ErrTargetTypes
	}
	return nil
}

// AttachExtension puts an extension program in the place of a function of target, by a link. The
// function stands there again when the link is closed and unpinned. The program may stand in other
// programs' functions at the same time, each by a link of its own, if they are like the one that it
// was loaded for.
//
// Errors are of stage "attach": [ClassNotFound] if target has no such function, or wrapping the
// kernel's errno: EBUSY where another extension or a tracing program is there; EINVAL where the
// functions differ, target is a program of another kind than the one that program was loaded for,
// or the function was removed because nothing in target calls it.
func AttachExtension(program, target *ebpf.Program, function string) (ebpflink.Link, error) {
	made, err := attachExtension(program, target, function)
	return made, export("", refuse.At(refuse.StageAttach, "", function, err))
}

func attachExtension(program, target *ebpf.Program, function string) (ebpflink.Link, error) {
	id, err := targetFunction(target, function)
	if err != nil {
		return nil, err
	}
	made, err := ebpflink.AttachRawLink(ebpflink.RawLinkOptions{Target: target.FD(), Program: program,
		Attach: ebpf.AttachNone, BTF: id})
	if err != nil {
		return nil, fmt.Errorf("create link: %w", explainExtend(err))
	}
	return made, nil
}

// targetFunction returns the id of the type of a program's function.
func targetFunction(target *ebpf.Program, function string) (btf.TypeID, error) {
	types, err := target.Handle()
	if err != nil {
		return 0, fmt.Errorf("types of the target: %w: %w", refuse.ErrTargetTypes, err)
	}
	defer types.Close()
	spec, err := types.Spec(nil)
	if err != nil {
		return 0, fmt.Errorf("types of the target: %w", err)
	}
	var found *btf.Func
	switch err := spec.TypeByName(function, &found); {
	case errors.Is(err, btf.ErrNotFound):
		return 0, fmt.Errorf("the target has %s: %w", listed(functionsOf(spec)),
			refuse.ErrTargetFunction)
	case errors.Is(err, btf.ErrMultipleMatches):
		return 0, &refuse.Error{Stage: refuse.StageRelocate, Class: ClassInvalid,
			Err: fmt.Errorf("the target has several %s: %w", function, err)}
	case err != nil:
		return 0, fmt.Errorf("types of the target: %w", err)
	}
	return spec.TypeID(found)
}

// functionsOf names the functions in types.
func functionsOf(spec *btf.Spec) []string {
	var names []string
	for t, err := range spec.All() {
		if f, is := t.(*btf.Func); is && err == nil {
			names = append(names, f.Name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// An XDPMode says who runs the XDP programs of an interface.
type XDPMode uint32

// The modes. A device has its programs run in one of native and generic mode, and in offload mode
// beside either.
const (
	XDPDefault XDPMode = 0              // native where the driver can, else generic
	XDPGeneric XDPMode = sys.XDPGeneric // the network stack, for any driver ("skb")
	XDPNative  XDPMode = sys.XDPNative  // the driver ("drv")
	XDPOffload XDPMode = sys.XDPOffload // the device ("hw")
)

// String returns "native", "skb" or "offload", and "default" for the driver's choice.
func (m XDPMode) String() string {
	switch m {
	case XDPDefault:
		return "default"
	case XDPGeneric:
		return "skb"
	case XDPNative:
		return "native"
	case XDPOffload:
		return "offload"
	}
	return fmt.Sprintf("mode %#x", uint32(m))
}

// XDPOn returns the ids of the programs on an interface, by their modes, none of which is
// [XDPDefault]. It asks netlink, and so sees them whoever attached them, and how.
func XDPOn(ifindex int) (map[XDPMode]ebpf.ProgramID, error) {
	err := checkInterface(ifindex)
	var on *sys.XDPPrograms
	if err == nil {
		on, err = sys.XDPOn(ifindex)
	}
	if err != nil {
		return nil, export("", refuse.At(refuse.StageAttach, "", "",
			fmt.Errorf("ask for the programs of interface %d: %w", ifindex, err)))
	}
	found := make(map[XDPMode]ebpf.ProgramID)
	for mode, id := range map[XDPMode]uint32{
		XDPNative: on.Native, XDPGeneric: on.Generic, XDPOffload: on.Offload,
	} {
		if id != 0 {
			found[mode] = ebpf.ProgramID(id)
		}
	}
	return found, nil
}

// SetXDP puts a program on an interface by netlink, in the place of expected, in one step: each
// packet meets one of the two. A nil expected says that there must be no program; a nil program
// takes expected off. What netlink attached stays when the process ends.
//
// The kernel looks for expected in the mode that is given, and [XDPDefault] is the driver's where
// it has one: to replace a program, give the mode of [XDPOn].
//
// Errors are of stage "attach", and wrap the kernel's errno: EEXIST where another program is there
// than expected, or one of another mode; EBUSY where any is there and none was expected, or a link
// holds the interface, which only the link can change; EOPNOTSUPP where the driver has no such
// mode; ENODEV where there is no such interface.
func SetXDP(ifindex int, mode XDPMode, program, expected *ebpf.Program) error {
	fd, old := -1, -1
	if program != nil {
		fd = program.FD()
	}
	if expected != nil {
		old = expected.FD()
	}
	err := checkInterface(ifindex)
	if err == nil {
		err = sys.SetXDP(ifindex, uint32(mode), fd, old)
	}
	if err != nil {
		err = fmt.Errorf("interface %d, mode %v: %w", ifindex, mode, explainXDP(err, mode))
	}
	return export("", refuse.At(refuse.StageAttach, "", "", err))
}

// LinkXDP puts a program on an interface by a link. The program is taken off when the link is
// closed and not pinned. An interface that already runs a program is refused with EBUSY. To put
// another program in the place of this one is up to the link.
func LinkXDP(ifindex int, mode XDPMode, program *ebpf.Program) (ebpflink.Link, error) {
	err := checkInterface(ifindex)
	var made ebpflink.Link
	if err == nil {
		made, err = ebpflink.AttachXDP(ebpflink.XDPOptions{
			Program: program, Interface: ifindex, Flags: ebpflink.XDPAttachFlags(mode),
		})
	}
	if err != nil {
		err = fmt.Errorf("link to interface %d, mode %v: %w", ifindex, mode, explainXDP(err, mode))
		return nil, export("", refuse.At(refuse.StageAttach, "", "", err))
	}
	return made, nil
}

// checkInterface refuses what is no index of an interface, as the kernel does, but for the answer
// about all of them that netlink has for 0.
func checkInterface(ifindex int) error {
	if ifindex <= 0 || ifindex > math.MaxInt32 {
		return syscall.ENODEV
	}
	return nil
}

// explainXDP explains RTM_SETLINK with a program, and BPF_LINK_CREATE of one (dev_xdp_attach).
func explainXDP(err error, mode XDPMode) error {
	switch {
	case errors.Is(err, syscall.EEXIST):
		return hint(err, "another program is there than the one expected, or one of the other mode")
	case errors.Is(err, syscall.EBUSY):
		return hint(err, "a program is there already, or a link holds the interface")
	case errors.Is(err, syscall.EOPNOTSUPP):
		return hint(err, "the driver runs no programs in mode %v: take mode %v", mode, XDPGeneric)
	case errors.Is(err, syscall.EINVAL):
		return hint(err, "the driver does not take the program: its MTU or its settings may not allow "+
			"it, or it takes no programs without multi-buffer support (xdp.frags)")
	case errors.Is(err, syscall.ENODEV):
		return hint(err, "there is no such interface in this network namespace")
	case errors.Is(err, syscall.EPERM):
		return explainRights(err, sys.NetAdmin)
	}
	return explainDescriptors(err)
}

// explainExtend explains BPF_LINK_CREATE of an extension (bpf_tracing_prog_attach,
// bpf_check_attach_target, bpf_trampoline_link_prog).
func explainExtend(err error) error {
	switch {
	case errors.Is(err, syscall.EBUSY):
		return hint(err, "the function has an extension or a tracing program already, or the target is "+
			"in a PROG_ARRAY")
	case errors.Is(err, syscall.EINVAL):
		return hint(err, "the function is not like the one that the program was loaded for, or nothing "+
			"in the target calls it")
	case errors.Is(err, syscall.EPERM):
		return explainRights(err, loadRights(ebpf.Extension)...)
	case strings.Contains(err.Error(), sys.ENOTSUPP.Error()), errors.Is(err, sys.ENOTSUPP):
		return fmt.Errorf("%w: %w", refuse.ErrExtensions, err)
	}
	return explainDescriptors(err)
}
