// SPDX-License-Identifier: Apache-2.0

// Package dedup puts the types of several objects together, and keeps one of those that are equal.
//
// Which types are equal follows the rules of the kernel's and libbpf's deduplication
// (tools/lib/bpf/btf.c, btf_dedup): two types are equal if they say the same of themselves and
// refer to equal types; a forward declaration is equal to the one struct, union or enum of its
// name. The way there is another one. libbpf compares pairs of graphs as it meets them, and what it
// finds depends on the order; here all types that could be equal begin in one class, and classes
// are split until no two members of one differ (partition refinement, as in the minimization of
// automata). What is left is the coarsest partition that holds, so it does not depend on the
// order, cycles need no special care, and to do it again changes nothing.
//
// Variables, and lists of them, are never equal to others. A type with tags (decl_tag) is equal to
// one with the same tags only: a tag must not reach a declaration that its programmer did not tag.
// A forward declaration of a name that two different types have stays one.
//
// Read record.go (what words a record has), graph.go (types of objects to one graph), refine.go
// (classes), write.go (classes to BTF).
package dedup
