// SPDX-License-Identifier: Apache-2.0

// Package mutants keeps wrong loaders, and shows that the suites see them.
//
// A [Mutant] is the reference loader with a change that makes it wrong in one way that a spec has
// to see. It is a file of the folder reference: what is wrong in a sentence, the change as a diff,
// and the specs that catch it.
//
//	wrong: A pinned map is used whatever the size of its values is.
//	diff: |
//	  --- a/loaderimpl/differ.go
//	  +++ b/loaderimpl/differ.go
//	  @@
//	  -	diffs.compare("value_size", uint64(info.ValueSize), uint64(w.attr.ValueSize))
//	caught:
//	  - pinning.mismatch-refused/value_size
//
// Each hunk belongs where its lines stand, which has to be one place of the file; git diff -U1
// makes a good one.
//
// A spec that no mutant needs may be one that can be lost unseen, so a requirement that is not
// obvious gets a mutant with its spec. A mutant that no spec catches is a hole in the suites.
//
// The sources of the tree are not touched: the diff is an overlay of go build, which shares the
// cache of builds, so that a mutant costs the packages that it changes and a link. Specs see it as
// a process in a guest, for what a wrong loader does to a kernel is not known before. Each spec has
// a guest of its own, as a failure in a guest that others use would be asked for again anyway.
//
// Read mutant.go (what is in a file), edit.go (the overlay), sample.go (which ones a test of every
// change tries), build.go (the driver), bench.go (how specs judge it). The command in catch tries
// them all, and prints which spec caught which.
package mutants
