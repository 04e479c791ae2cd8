// SPDX-License-Identifier: Apache-2.0

// Package structops lays out a structure of an object as the running kernel has it.
//
// The kernel calls some of its structures' functions in BPF: a congestion control of TCP, a
// scheduler. An object declares such a struct as its programmer knows it, with fewer members, more,
// or in another order. What goes to the kernel is a value of its own type, struct
// bpf_struct_ops_NAME, which has a state and the struct as a member; and each program is told the
// number of the member that it becomes.
//
// Nothing here reaches the kernel: its types are given.
//
// Read find.go ([Find]: a name to the kernel's types), then fit.go ([Kernel.Fit]: the object's
// value to the kernel's).
package structops
