// SPDX-License-Identifier: Apache-2.0

// Package arch is the one table of architectures: whatever differs between
// them, from QEMU's machine type to the byte order of BPF objects, is a field
// of [Arch], and nothing else in the project assumes an architecture.
//
// To add an architecture is to add its entry; a boot image of a new format also
// needs its reader in package vmtest/kernel. A test holds the rest of the
// harness to that: it fails where an architecture's name, or anything else of
// its entry, stands in other code.
//
// Read arch.go (what an architecture is), table.go (which there are),
// firmware.go (a guest of four instructions).
package arch
