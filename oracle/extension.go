// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"errors"
	"fmt"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/btf"
	"golang.org/x/sys/unix"
)

// ErrForbidden says that a machine does not let its root do what the kernel has: a policy, or a
// kernel that is locked down.
var ErrForbidden = errors.New("forbidden on this machine")

// noTrampolines is what a kernel says to an extension program on an architecture where it cannot
// put one in the place of a function: ENOTSUPP, which has no name outside of the kernel.
const noTrampolines = unix.Errno(524)

const pass = 2 // XDP_PASS

// HasExtensions reports whether programs can take the place of functions of other programs
// (BPF_PROG_TYPE_EXT, freplace). It loads an XDP program and one that extends it, and lets both go.
// The error wraps [ErrForbidden] where the kernel says EPERM.
func HasExtensions() (bool, error) {
	target, err := ebpf.NewProgram(&ebpf.ProgramSpec{
		Name: "target", Type: ebpf.XDP, Instructions: passing("target"), License: "GPL",
	})
	if err != nil {
		return false, fmt.Errorf("probe for extension programs: load what they extend: %w", err)
	}
	defer target.Close()
	extension, err := ebpf.NewProgram(&ebpf.ProgramSpec{
		Name: "extension", Type: ebpf.Extension, AttachTarget: target, AttachTo: "target",
		Instructions: passing("extension"), License: "GPL",
	})
	switch {
	case err == nil:
		return true, extension.Close()
	case errors.Is(err, unix.EPERM):
		return false, fmt.Errorf("probe for extension programs: %w: %w", ErrForbidden, err)
	case errors.Is(err, unix.EINVAL), errors.Is(err, ebpf.ErrNotSupported), errors.Is(err, noTrampolines):
		return false, nil
	}
	return false, fmt.Errorf("probe for extension programs: %w", err)
}

// ExtensionsTailCallXDP reports whether this kernel takes an XDP program into an array that an
// extension of one calls programs of. It asks with an array and programs of its own; an old kernel
// has such an array hold extension programs only, and then none, as it takes no extension into any.
func ExtensionsTailCallXDP() (bool, error) {
	array, err := ebpf.NewMap(&ebpf.MapSpec{
		Type: ebpf.ProgramArray, KeySize: 4, ValueSize: 4, MaxEntries: 1,
	})
	if err != nil {
		return false, fmt.Errorf("probe for tail calls: %w", err)
	}
	defer array.Close()
	// What is called may change the packet, so only a function that does is extended by a call.
	code := passing("target")
	target, err := ebpf.NewProgram(&ebpf.ProgramSpec{
		Name: "target", Type: ebpf.XDP, License: "GPL", Instructions: asm.Instructions{
			code[0], asm.Mov.Imm(asm.R2, 0), asm.FnXdpAdjustTail.Call(), asm.Mov.Imm(asm.R0, pass), code[1],
		},
	})
	if err != nil {
		return false, fmt.Errorf("probe for tail calls: %w", err)
	}
	defer target.Close()
	code = passing("extension")
	calls := asm.Instructions{
		code[0], asm.LoadMapPtr(asm.R2, array.FD()), asm.Mov.Imm(asm.R3, 0), asm.FnTailCall.Call(),
		asm.Mov.Imm(asm.R0, pass), code[1],
	}
	extension, err := ebpf.NewProgram(&ebpf.ProgramSpec{
		Name: "extension", Type: ebpf.Extension, AttachTarget: target, AttachTo: "target",
		Instructions: calls, License: "GPL",
	})
	if err != nil {
		return false, fmt.Errorf("probe for tail calls: %w", err)
	}
	defer extension.Close()
	err = array.Put(uint32(0), target)
	if errors.Is(err, unix.EINVAL) {
		return false, nil
	}
	return err == nil, err
}

// passing returns the code of a global function that takes an XDP program's context, and lets every
// packet pass.
func passing(name string) asm.Instructions {
	number := &btf.Int{Name: "int", Size: 4, Encoding: btf.Signed}
	function := &btf.Func{
		Name: name, Linkage: btf.GlobalFunc,
		Type: &btf.FuncProto{
			Return: number,
			Params: []btf.FuncParam{{Name: "ctx", Type: &btf.Pointer{
				Target: &btf.Struct{Name: "xdp_md", Size: 4, Members: []btf.Member{{Name: "data", Type: number}}},
			}}},
		},
	}
	return asm.Instructions{
		btf.WithFuncMetadata(asm.Mov.Imm(asm.R0, pass).WithSymbol(name), function),
		asm.Return(),
	}
}
