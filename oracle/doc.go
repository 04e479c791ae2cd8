// SPDX-License-Identifier: Apache-2.0

// Package oracle asks the kernel what exists.
//
// No spec believes a loader: what a loader claims to have made is an id, and the oracle asks the
// kernel about it. It gives two kinds of answer. Facts describe one object, in a form in which two
// loads of the same definition compare equal: what changes from load to load (ids, memory, the
// numbering of BTF types) is left out or written out. An [Inventory] lists all that exists, so that
// what a loader left behind can be named.
//
// The kernel frees much later than user space lets go: a program's maps wait for an RCU grace
// period, then for a worker. So the oracle asks whether anything is left until the answer is no or
// a deadline passes: see [Witness.Beyond].
//
// Read object.go (the system calls and ids), kernelbtf.go, name.go, mapfacts.go, mapbtf.go and
// program.go (facts), content.go, pin.go, mounts.go, numa.go, iterator.go and pages.go (where a
// map is), inventory.go, witness.go, holder.go, holders.go and access.go (what exists, who holds
// it, and with what access), nextid.go (what was made meanwhile), structops.go, structopslink.go,
// structopstype.go, structopsprobe.go and cvalue.go (structures of the kernel's whose functions
// are programs), link.go, filter.go and perfevent.go (what holds a program where it is attached),
// xdp.go (what an interface runs, and which functions extension programs replace), kernelsymbol.go
// (addresses of the kernel's, and its version), runs.go (how often a program ran), variables.go
// (global data), memory.go (what the kernel holds), probe.go and extension.go (what this kernel can
// do), unprivileged.go and taint.go.
package oracle
