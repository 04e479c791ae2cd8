// SPDX-License-Identifier: Apache-2.0

// Package wire holds the protocol of host and guest over the record port, a plain serial line.
//
// The guest writes frames, one a line, that a person can read as they are:
//
//	@<length> <crc32> <payload>\n    a record: one JSON value
//	!<length> <crc32> <word>\n       a word of the guest's own: ready, end
//
// length is the payload's size in bytes, in decimal; crc32 is the IEEE checksum of the payload,
// eight lower-case hexadecimal digits. A serial line has no errors of its own, but a guest that
// crashes half way through a record, or whose kernel writes to the wrong port, must not look like
// one that said less.
//
// Where the machine has a [Ring], frames go through it instead, and the port carries a [Bell] for a
// reader that waits.
//
// The host writes two lines to a guest that said ready: a [Wake], which tells
// it what changed while it was asleep, and its order, which is the caller's.
//
// Read frame.go (writing), reader.go (reading what an untrusted guest wrote), ring.go (memory in
// the place of the line), wake.go, shell.go (the order and records of a guest that runs a shell).
package wire
