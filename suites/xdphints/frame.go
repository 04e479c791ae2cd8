// SPDX-License-Identifier: Apache-2.0

package xdphints

import (
	"encoding/binary"
	"fmt"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// A frame of the suite's, as objects/include/rx.h has it: an Ethernet frame that holds what the
// driver is to write before it.
const (
	frameLen    = 80
	frameNumber = 16
	frameMeta   = 24
	metaLen     = 32
	metaWord    = 28     // in the metadata: says which layout it has
	etherType   = 0x88b6 // IEEE 802: local experimental
	xdpPass     = 2
)

// A reading holds what a program has read of a frame's metadata.
type reading struct {
	Stamp      uint64
	Hash, VLAN uint32
	Layout     uint32 // 1, 2 or unknown
	Frames     uint32 // of that number so far
}

// unknown says that a program knows no layout of the number that the metadata has.
const unknown = 255

// sent returns what the driver knows of the frame of a number.
func sent(number uint32, layout uint32) reading {
	return reading{
		Stamp: 0x1122_3344_5566_0000 + uint64(number), Hash: 0xa1b2_0000 + number,
		VLAN: 0x0800 + number, Layout: layout, Frames: 1,
	}
}

// metadata lays a reading out as a driver's structure has it, and leaves out what that has not.
func metadata(layout btf.Type, r reading) (meta [metaLen]byte) {
	for path, value := range map[string]uint64{
		"stamp": r.Stamp, "hash": uint64(r.Hash), "vlan": uint64(r.VLAN),
	} {
		if at, err := find(layout, path); err == nil {
			at.put(meta[:], value)
		}
	}
	return meta
}

// newFrame returns the frame of a number, with metadata for the driver.
func newFrame(number uint32, meta [metaLen]byte) []byte {
	f := make([]byte, frameLen)
	for i := range 6 {
		f[i] = 0xff // to all
	}
	f[6], f[11] = 0x02, 0x01 // an address of no vendor's
	binary.BigEndian.PutUint16(f[12:], etherType)
	binary.NativeEndian.PutUint32(f[frameNumber:], number)
	copy(f[frameMeta:], meta[:])
	return f
}

// withWord has metadata say which layout it has.
func withWord(meta [metaLen]byte, word uint32) [metaLen]byte {
	binary.NativeEndian.PutUint32(meta[metaWord:], word)
	return meta
}

// A port joins a driver with the reader that it calls, both of one object.
type port struct {
	s *Session
	*Attempt
}

// newPort loads an object, and has its driver call its reader.
func newPort(s *Session, o objects.Object, options ...Option) *port {
	p := &port{s: s, Attempt: s.MustLoad(o, options...)}
	p.calls(p)
	return p
}

// calls has the driver call the reader of another port from now on.
func (p *port) calls(other *port) {
	next, err := ebpf.NewMapFromID(ebpf.MapID(p.MapID("next")))
	p.s.MustWork(err)
	defer next.Close()
	reader, err := ebpf.NewProgramFromID(ebpf.ProgramID(other.ProgramID("reader")))
	p.s.MustWork(err)
	defer reader.Close()
	p.s.MustWork(next.Put(uint32(0), uint32(reader.FD())))
}

// run gives the driver a frame.
func (p *port) run(frame []byte) { Expect(p.RunOver("driver", frame)).To(Equal(uint32(xdpPass))) }

// read returns what the reader noted of the frame of a number.
func (p *port) read(number uint32) reading {
	b := p.Lookup("frames", U32(number))
	order := binary.NativeEndian
	if len(b) < 24 {
		p.s.MustWork(fmt.Errorf("a note of %d bytes", len(b)))
	}
	return reading{order.Uint64(b), order.Uint32(b[8:]), order.Uint32(b[12:]), order.Uint32(b[16:]),
		order.Uint32(b[20:])}
}
