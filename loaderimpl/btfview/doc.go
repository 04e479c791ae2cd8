// SPDX-License-Identifier: Apache-2.0

// Package btfview shows types and what relocations to them become, as the reference loader has it.
// It is the substance of loadstone btf.
//
// Read sources.go and choose.go (which types), then show.go and declare.go (a type in each of
// them), explain.go (an object's relocations), stitch.go (all of them as one file) and min.go (as
// few as objects need).
package btfview
