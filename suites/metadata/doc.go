// SPDX-License-Identifier: Apache-2.0

// Package metadata holds loaders to read-only data that a program does not refer to: whether the
// program holds it, what is in it, and how long it stays.
//
// The kernel lets a program hold the maps that its instructions refer to, and any other that is
// bound to it. Only what a program holds can be found by who sees the program, and stays when the
// loader is gone. So the kernel is asked which maps a program holds, and a loader's own words count
// for nothing but which map is which.
//
// What is expected stands in requirements/metadata.yaml. Read bind.go (which maps a program holds),
// found.go (what is found in them), query.go (what loaders tell of it), keep.go (for how long) and
// linked.go (what becomes of that of several objects).
package metadata
