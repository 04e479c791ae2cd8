// SPDX-License-Identifier: Apache-2.0

// Package bpftool is the driver for bpftool as a loader: prog load and loadall, with pinmaps, map
// create, map pin, net attach, gen object, struct_ops register, unregister and
// show, prog show.
//
// bpftool keeps nothing when it ends but what it has pinned, so a session is a set of pins. They
// lie in a bpffs of the driver's own that no path leads to, but for the descriptor that the driver
// hands on ([pins]): what the suite finds in its own bpffs is what an object asked for, and nothing
// else.
//
// Read bpftool.go (hello, and what can be asked for), session.go, create.go (maps without an
// object), table.go (what is run), structops.go (structures of the kernel's), metadata.go
// (what the command shows of the kernel), pins.go, claims.go.
package bpftool
