// SPDX-License-Identifier: Apache-2.0

// Package typefile reads files that hold types: raw BTF, or ELF files with section .BTF.
//
// Read file.go.
package typefile
