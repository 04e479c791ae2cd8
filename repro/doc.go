// SPDX-License-Identifier: Apache-2.0

// Package repro keeps a failure in one file: what was asked, with which loader on which kernel, the
// objects, the whole conversation, what the console and the kernel's log said, and for people what
// was expected by which source. The file goes into a bug report, and 'loadstone repro' runs it
// again.
//
// A bundle is a gzipped tar archive, a pure function of the run's first line, the verdict and its
// trail: the same three give the same bytes. One that is read comes from anybody: it is held in
// memory, within limits, and no name of it becomes a path on the host.
//
// Read manifest.go (what a bundle says of itself), bundle.go (its making), archive.go (its
// bytes), readme.go (for people), program.go (libbpf's calls in C), then outcome.go (whether it
// was seen again).
package repro
