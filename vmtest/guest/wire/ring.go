// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"errors"
	"fmt"
	"sync/atomic"
	"unsafe"
)

// ErrRing marks errors about memory that is no ring.
var ErrRing = errors.New("bad record ring")

const (
	// RingSize is the size in bytes of a ring's memory. The largest record
	// fits several times.
	RingSize = 4 << 20

	// ringMagic tells a ring's memory from any other.
	ringMagic = "loadring"

	ringWritten = 64   // offset of the count of bytes that the guest has put in, ever
	ringRead    = 128  // offset of the count of bytes that the host has taken out, ever
	ringData    = 4096 // offset of the bytes
)

// Bell holds the byte on the record port that says that there is news in the ring.
const Bell = '\a'

// Ring holds memory that a guest shares with the host, for what it has to say. It carries the same
// bytes as the record port would, and what is in it has left the machine: the host has it even if
// the guest dies at the next instruction. Each byte on an emulated port costs an exit to QEMU, a
// system call there, and a reader woken up.
//
//	0     magic
//	64    written, 8 bytes in the byte order of both (there is a ring only where it is the same)
//	128   read, likewise
//	4096  data: the byte of count n is at n modulo the data's size
//
// There is one writer and one reader.
type Ring struct{ memory []byte }

// NewRing makes an empty ring of memory that is all zero, for the host. Errors
// wrap [ErrRing].
func NewRing(memory []byte) (Ring, error) {
	if err := checkRingMemory(memory); err != nil {
		return Ring{}, err
	}
	copy(memory, ringMagic)
	return Ring{memory}, nil
}

// OpenRing returns the ring in memory, for the guest. Errors wrap [ErrRing].
func OpenRing(memory []byte) (Ring, error) {
	if err := checkRingMemory(memory); err != nil {
		return Ring{}, err
	}
	if !IsRing(memory) {
		return Ring{}, fmt.Errorf("%w: it does not begin like one", ErrRing)
	}
	return Ring{memory}, nil
}

// IsRing reports whether memory begins like a ring.
func IsRing(memory []byte) bool {
	return len(memory) >= len(ringMagic) && string(memory[:len(ringMagic)]) == ringMagic
}

func checkRingMemory(memory []byte) error {
	if len(memory) != RingSize {
		return fmt.Errorf("%w: %d bytes, want %d", ErrRing, len(memory), RingSize)
	}
	if uintptr(unsafe.Pointer(&memory[0]))%8 != 0 {
		return fmt.Errorf("%w: its counts are not aligned", ErrRing)
	}
	return nil
}

func (r Ring) count(offset int) *atomic.Uint64 {
	return (*atomic.Uint64)(unsafe.Pointer(&r.memory[offset]))
}

func (r Ring) data() []byte { return r.memory[ringData:] }

// Put puts the start of b in, as much as there is room for, and returns how
// much that was. ring says that the reader had taken all that was there before
// and may be asleep.
func (r Ring) Put(b []byte) (n int, ring bool) {
	data, written := r.data(), r.count(ringWritten).Load()
	room := uint64(len(data)) - (written - r.count(ringRead).Load())
	if room > uint64(len(data)) {
		return 0, true // the reader counts wrong; nothing fits any more
	}
	b = b[:min(uint64(len(b)), room)]
	at := written % uint64(len(data))
	copy(data, b[copy(data[at:], b):])
	// Written is told before read is looked at, and the reader does the
	// opposite: one of them sees that the other is not done.
	r.count(ringWritten).Store(written + uint64(len(b)))
	return len(b), r.count(ringRead).Load() == written
}

// Take takes out what the ring has, up to the size of b, and returns how much that was. What the
// writer says is not trusted: it returns an error wrapping [ErrRing] for a count that cannot be.
func (r Ring) Take(b []byte) (int, error) {
	data, read := r.data(), r.count(ringRead).Load()
	size := r.count(ringWritten).Load() - read
	if size > uint64(len(data)) {
		return 0, fmt.Errorf("%w: it says that it holds %d bytes, and there is room for %d",
			ErrRing, size, len(data))
	}
	b = b[:min(uint64(len(b)), size)]
	at := read % uint64(len(data))
	copy(b[copy(b, data[at:]):], data)
	r.count(ringRead).Store(read + uint64(len(b)))
	return len(b), nil
}
