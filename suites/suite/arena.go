// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"github.com/cilium/ebpf"

	"github.com/loadstone-bpf/loadstone/suites/runner"
)

// ArenaFails returns why this kernel makes no arena of so many pages at an address, 0 for any; nil
// where it makes one. A kernel may know arenas and make none: without a JIT; or, since
// range_tree_set (kernel/bpf/range_tree.c) takes memory from kmalloc_nolock, on a CPU without
// cmpxchg16b, where that has none to give (mm/slub.c) and the error is ENOMEM. Guests of QEMU's
// TCG have such a CPU (vmtest/arch/table.go).
func (s *Session) ArenaFails(address uint64, pages uint32) error {
	const mmapable = 1 << 10 // BPF_F_MMAPABLE
	arena, err := ebpf.NewMap(&ebpf.MapSpec{Type: ebpf.Arena, MaxEntries: pages, Flags: mmapable,
		MapExtra: address})
	if err != nil {
		return err
	}
	return arena.Close()
}

// SkipArena ends the spec as skipped for want of an arena: whatever the loader does, none is made
// here. The spec has seen by then that the loader reports that.
func (s *Session) SkipArena(why error) {
	s.exec.Skip(runner.Lack{Kind: "arena", Needs: "a kernel that makes arenas", Has: why.Error()})
}
