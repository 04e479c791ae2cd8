// SPDX-License-Identifier: Apache-2.0

// Package linker joins objects into one, as a loader would read it: the sections of one name one
// after the other, one definition for each name that several objects use, and the types of all,
// each once.
//
// The rules are those of libbpf's linker (bpf_linker, src/linker.c), which programmers are used to,
// with these differences, each for what goes wrong there:
//
//   - Offsets of variables come from symbols. bpf_linker (to 1.7.0) keeps the offset 0 of an extern
//     that a later object defines, so that a map is not found.
//   - map_extra is compared too, and whether an option is a boolean.
//   - A weak definition stays weak when it is declared elsewhere, so that linking a and b, and the
//     result with c, is linking a, b and c.
//   - Pointers in data may be relative to a section.
//   - An instruction that loads the number of a type loads the number that the type has now.
//   - The code of functions that lost is left out, with what BTF says of it.
//   - All conflicts are reported, not the first one.
//
// Linking makes no system call and looks at nothing but its input.
//
// Read link.go ([Link]), problem.go (what is wrong), input.go (objects), section.go, symbol.go (who
// wins), compare.go and compare_types.go (do they mean the same), cut.go (dead code), join.go
// (types, lists of variables), relocation.go, ext.go (.BTF.ext), write.go. Package dedup joins
// types.
package linker
