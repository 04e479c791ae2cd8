// SPDX-License-Identifier: Apache-2.0

// Package objects holds the BPF objects that loaders are given: C sources, in a folder per suite
// and one, maptypes, for maps that several suites use, and what the pinned compiler made from them.
//
// A source, <suite>/*.bpf.c, makes one object, or a family of objects that differ by the values of
// macros. Its first comment says what an object is for, and lists the variants of a family, each on
// a line:
//
//	// A hash on one NUMA node.
//	//
//	// variants:
//	//   node_zero: NODE=0 // A hash on node 0.
//	//   node_one: NODE=1 // A hash on node 1.
//
// The builds are committed beside the sources for both byte orders (el/, eb/), so running a suite
// needs no compiler. objects.sum ties sources and builds together, and a test fails when they part.
// Only the builds in the machine's own byte order are embedded, and one of the other order, for
// [ForeignOrder]. After a change to a source: go run ./objects/build, or make objects.
//
// What C cannot say (a truncated file, a nameless symbol, a map without BTF) is made from a good
// object when it is asked for:
//
//	objects.MapDefs.Plain.With(elfedit.DropSection(".BTF"))
//
// Read object.go, then maptype.go (maps that are defined in each of four ways), foreign.go,
// builds_el.go and builds_eb.go (which builds are embedded). The files *_catalogue.go are generated
// from the sources; package elfedit has the edits, objects/build the compiling.
package objects
