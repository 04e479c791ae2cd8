// SPDX-License-Identifier: Apache-2.0

// Package sys reaches the running kernel: bpf(2), sysfs, and programs that look at maps. It alone
// imports golang.org/x/sys/unix, and nothing that opens an object imports it.
//
// The calls of bpf(2) that make things are here, and not left to cilium/ebpf, because what that
// library adds to them is what a loader is judged by: it makes maps again without BTF and does not
// say so, rewrites helpers, explains errors by guessing, and probes the kernel a dozen times before
// the first program.
//
// Read bpf.go, then program.go, then bind.go, then link.go, then xdp.go (netlink), then token.go,
// then log.go, then kerneltypes.go, then kernelmap.go, then maplayout.go, then node.go, then
// arena.go, then percpu.go, then right.go, then release.go, then kernelfacts.go.
package sys
