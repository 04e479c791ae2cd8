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
	const pass = 2 // XDP_PASS
	return asm.Instructions{
		btf.WithFuncMetadata(asm.Mov.Imm(asm.R0, pass).WithSymbol(name), function),
		asm.Return(),
	}
}
