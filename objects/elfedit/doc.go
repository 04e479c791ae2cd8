// SPDX-License-Identifier: Apache-2.0

// Package elfedit makes bad BPF objects from good ones. A compiler writes no object with a nameless
// symbol or with half a section. A loader meets them all the same, from other tools and from bad
// disks.
//
// An [Edit] is pure: the same object in gives the same object out. Edits of sections, symbols and
// BTF take the file apart and lay it out again. Edits of the header and of bytes change the file as
// it is, so they come last. An edit that does not fit the object, such as one of a missing symbol,
// is an error and never a silent copy.
//
// Read edit.go, then file.go (taking apart and laying out), section.go, symbol.go, reloc.go,
// instruction.go, btf.go, variable.go (what the BTF says of variables), header.go.
package elfedit
