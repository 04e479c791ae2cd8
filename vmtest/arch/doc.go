// SPDX-License-Identifier: Apache-2.0

// Package arch is the one table of architectures: whatever differs between
// them, from QEMU's machine type to the byte order of BPF objects, is a field
// of [Arch], and nothing else in the project assumes an architecture.
//
// Read arch.go (what an architecture is), table.go (which there are).
package arch
