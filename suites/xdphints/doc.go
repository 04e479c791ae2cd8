// SPDX-License-Identifier: Apache-2.0

// Package xdphints holds loaders to CO-RE, which has a program fit types that it was not compiled
// with: those of a file, of the running kernel, and of more files beside them, as a driver would
// describe the metadata in that it writes before a packet.
//
// What a program is told, it tells in a map, and what it reads is in a packet that the suite has
// laid out as the types there say. The suite knows them by itself, and asks no loader. Metadata is
// written by one program, the driver, which takes it from the frame, and read by another, which
// knows it by its types alone; frames are real, or given to the driver by BPF_PROG_TEST_RUN.
//
// What is expected stands in requirements/xdphints.yaml. Read field.go (where a field is) and
// target.go (types there), then read.go, value.go, refused.go (fields), named.go (types and
// enumerations), kernel.go (the running kernel and its modules); frame.go (frames and metadata),
// split.go (types that go on from the kernel's), nic.go (drivers), wrong.go (types that are none,
// or of another kernel), network.go and traffic.go (frames that come through a device).
package xdphints
