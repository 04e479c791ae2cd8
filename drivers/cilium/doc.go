// SPDX-License-Identifier: Apache-2.0

// Package cilium is the driver for cilium/ebpf as a loader: its own ELF reader and its own
// collections, with the options that a plain user would give. It does nothing to help the library:
// what the library refuses is refused, and what it leaves out is left out.
//
// The same sources are built with older versions of the library, by a module of its own for each:
// v0.17, v0.20. So this package does not name what later versions added.
//
// Read cilium.go (what is asked of the library), set.go, attach.go and section.go, create.go (maps
// without an object), kernel_types.go (BTF of files), refusal.go (what its errors tell a program),
// then claims.go.
package cilium
