// SPDX-License-Identifier: Apache-2.0

// Package arch is the one table of architectures: whatever differs between
// them, from QEMU's machine type to the byte order of BPF objects, is a field
// of [Arch].
//
// To add an architecture is to add its entry; a boot image of a new format also
// needs its reader in package vmtest/kernel. A test, owner_test.go, holds the
// harness to that (vmtest, run, cmd, drivers): it fails where an architecture's
// name, or anything else of its entry, stands in other code, but for a list of
// exceptions, each with its reason: the instruction that writes to an I/O port
// (vmtest/guest), machine code for faults (vmtest/guest/inkernel), names of
// files. The table also does not reach scripts/setup, which installs the QEMU of
// one architecture.
//
// Read arch.go (what an architecture is), table.go (which there are),
// firmware.go (a guest of four instructions).
package arch
