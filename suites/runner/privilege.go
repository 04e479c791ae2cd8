// SPDX-License-Identifier: Apache-2.0

package runner

import (
	"os"

	"github.com/loadstone-bpf/loadstone/oracle"
)

// AllowUnprivileged lets users without capabilities use bpf(2), until the spec ends, or ends the
// spec as skipped: the setting is the whole kernel's, and cannot be changed where it is 1.
func (x *Execution) AllowUnprivileged() {
	if x.run.deps.Shared {
		x.Skip(Lack{"kernel", "a kernel of its own, to allow unprivileged BPF", "one that others use"})
	}
	before, err := oracle.UnprivilegedBPF()
	if err != nil {
		x.Broken("%v", err)
	}
	if before == oracle.BPFLocked {
		x.Skip(Lack{"sysctl", "kernel.unprivileged_bpf_disabled that can be changed", "1"})
	}
	x.restore = append(x.restore, func() error { return oracle.SetUnprivilegedBPF(before) })
	if err := oracle.SetUnprivilegedBPF(oracle.BPFAllowed); err != nil {
		x.Broken("%v", err)
	}
}

// NeedsPrivilege ends the spec as skipped on a kernel that lets users without capabilities use
// bpf(2).
func (x *Execution) NeedsPrivilege() {
	now, err := oracle.UnprivilegedBPF()
	if err != nil {
		x.Broken("%v", err)
	}
	if now == oracle.BPFAllowed {
		x.Skip(Lack{"sysctl", "kernel.unprivileged_bpf_disabled of 1 or 2", "0"})
	}
}

// hiddenSymbols is the setting by which the kernel hides addresses from everyone (kptr_restrict,
// Documentation/admin-guide/sysctl/kernel.rst).
const hiddenSymbols = "/proc/sys/kernel/kptr_restrict"

// HideSymbols has the kernel hide the addresses of its symbols from everyone, until the spec ends,
// or ends the spec as skipped where others use the kernel too.
func (x *Execution) HideSymbols() {
	if x.run.deps.Shared {
		x.Skip(Lack{"kernel", "a kernel of its own, to hide symbols", "one that others use"})
	}
	before, err := os.ReadFile(hiddenSymbols)
	if err != nil {
		x.Broken("%v", err)
	}
	x.restore = append(x.restore, func() error { return os.WriteFile(hiddenSymbols, before, 0) })
	if err := os.WriteFile(hiddenSymbols, []byte("2"), 0); err != nil {
		x.Broken("%v", err)
	}
}
