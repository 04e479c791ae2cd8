// SPDX-License-Identifier: Apache-2.0

// Package objfile reads ELF files: bytes to sections, symbols and relocations. No layer above it
// checks an offset into the file again. It also writes what a linker made.
//
// Read elf.go, then write.go.
package objfile
