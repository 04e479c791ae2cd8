// SPDX-License-Identifier: Apache-2.0

// Package objfile reads ELF files: bytes to sections, symbols and relocations. No layer above it
// checks an offset into the file again.
package objfile
