// SPDX-License-Identifier: Apache-2.0

// Package structops looks after the structures of a kernel whose functions are BPF programs, as
// lsmod and rmmod look after its modules: congestion controls, schedulers, fixes of HID devices,
// and whatever else a kernel registers through maps of type struct_ops. Package insertion, in a
// folder of this one, is their insmod.
//
// It works on the kernel of the machine that it runs on, for structures of every loader.
//
// Read structure.go (what is known of one) with printable.go, read.go with program.go (how it is
// found out), find.go (by name or id), folder.go (pins), remove.go with gone.go, and error.go (how
// each can end).
package structops
