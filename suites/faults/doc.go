// SPDX-License-Identifier: Apache-2.0

// Package faults breaks its machine, each spec in another way, so that the harness can be held to
// what it promises: that every fault ends as the right verdict, and that the other specs of the run
// keep theirs.
//
// Its specs are hidden: they are in no catalogue and run when an order names them. All but
// faults.pass run as PID 1 of a test VM and nowhere else.
//
// Read faults.go, then warn.go (how the kernel is made to warn in its own code), leave.go (what a
// spec can leave behind) and rtnetlink.go (how it does of networks).
package faults
