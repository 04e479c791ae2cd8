// SPDX-License-Identifier: Apache-2.0

// Package objects is the BPF objects that loaders are given: C sources, a folder per suite, and what the pinned compiler made of them.
//
// The sources are in <suite>/*.bpf.c, one thought per file, said in its first comment. Their builds are committed beside them for both byte
// orders (el/, eb/), so nobody needs a compiler to run a suite; objects.sum ties sources and builds together, and a test fails when they
// part. Only the builds of the machine's own byte order are embedded. After a change to a source: go run ./objects/build, or make objects.
//
// What C cannot say (a truncated file, a nameless symbol, a map without BTF) is made of a good object when it is asked for:
//
//	objects.MapDefs.Plain.With(elfedit.DropSection(".BTF"))
//
// Read object.go, then maptype.go (maps that are defined in each of four ways). mapdefs_catalogue.go is generated; package elfedit has the edits.
package objects
