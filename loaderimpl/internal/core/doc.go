// SPDX-License-Identifier: Apache-2.0

// Package core relocates instructions to the layout of types that are known when a program is
// loaded: CO-RE, "compile once, run everywhere". The compiler writes beside an instruction which
// type, member or value its number comes from; here the same is looked for among the kernel's
// types, and the number of the kernel's takes its place.
//
// The rules are the kernel's and libbpf's (relo_core.c in both), with three exceptions. Relocations
// of one type in a program choose among several types of its name together, whatever their order:
// see [Resolver.Resolve]. Types that agree on the number agree, even if a field whose size is asked
// for is elsewhere in each. And a number that the instruction has no room for is refused, not cut.
//
// Read relocation.go (what the compiler writes), then path.go (a way into a type), match.go (the
// same way in another), similar.go (types that match as a whole), value.go (the numbers),
// resolve.go (which of several types), choice.go (what the caller says of that), patch.go
// (instructions) and explain.go (for people).
package core
