// SPDX-License-Identifier: Apache-2.0

// Package rights holds loaders to what they do with fewer rights than root's.
//
// What a spec's loader may do is data of its requirement (surroundings): a user, the capabilities
// of that user, what may be written to in the bpffs. The spec's own conversations are in these
// surroundings; what root has to do first, and the control of a refusal that nothing but root can
// make, is asked of another (Session.AnotherAsRoot of package suite).
//
// Which capability the kernel asks for is a matter of types: CAP_BPF for maps, BTF and programs,
// beside it CAP_NET_ADMIN for programs of the network and maps of devices, and CAP_PERFMON for
// programs that trace (bpf_prog_load and map_create, kernel/bpf/syscall.c). Before CAP_BPF came, in
// Linux 5.8, all of it took CAP_SYS_ADMIN.
//
// What is expected stands in requirements/rights.yaml. Read capability.go, then pin.go.
package rights
