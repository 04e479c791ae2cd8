// SPDX-License-Identifier: Apache-2.0

// Package linked holds objects that linkers made of several of ours: bpftool, whose linker is
// libbpf's, in versions that distributions have, and the reference loader. They lie in a folder for
// each linker, in the byte order of x86: bpftool links objects of the machine that it runs on.
//
// They are committed, so running a suite needs no bpftool. linked.sum has their digests, and those
// of the objects that they were made of: a test fails when they part. After a change to one of
// those objects, as root, for the roots that each bpftool is run in:
//
//	make programs && go run ./objects/linked/make
//
// Read linked.go; the command in make makes the objects.
package linked
