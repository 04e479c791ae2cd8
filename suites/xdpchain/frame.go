// SPDX-License-Identifier: Apache-2.0

package xdpchain

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// A frame is what the suite sends: an Ethernet frame of a type for experiments, which says what
// each program of a chain is to answer, and in which each leaves its mark. Its layout is that of
// objects/include/xdp_chain.h.
type frame [frameLen]byte

const (
	frameLen  = 80
	etherType = 0x88b5 // IEEE 802: local experimental

	atMarks    = 14 // the last first
	mostMarks  = 16
	atVerdicts = 32 // of programs a to z
	atNumber   = 60 // behind the verdicts, which end at 58
)

// The kernel's numbers of what an XDP program answers.
const (
	aborted = iota
	drop
	pass
	tx
	redirect
)

// newFrame returns a frame that every program passes.
func newFrame(number uint32) *frame {
	f := &frame{}
	for i := range 6 {
		f[i] = 0xff // to all
	}
	f[6], f[11] = 0x02, 0x01 // an address of no vendor's
	binary.BigEndian.PutUint16(f[12:], etherType)
	for i := range 26 {
		f[atVerdicts+i] = pass
	}
	f.setNumber(number)
	return f
}

// answer has a program answer the frame with a verdict.
func (f *frame) answer(program byte, verdict byte) *frame {
	f[atVerdicts+program-'a'] = verdict
	return f
}

func (f *frame) setNumber(n uint32) { binary.BigEndian.PutUint32(f[atNumber:], n) }

func (f *frame) number() uint32 { return binary.BigEndian.Uint32(f[atNumber:]) }

// marks returns the names of the programs that have seen the frame, in their order.
func (f *frame) marks() string {
	marks := bytes.Clone(bytes.TrimRight(f[atMarks:atMarks+mostMarks], "\x00"))
	slices.Reverse(marks)
	return string(marks)
}

// verdicts holds all that a program can answer, by the words of the protocol.
var verdicts = map[XDPAction]byte{
	Aborted: aborted, Drop: drop, Pass: pass, TX: tx, Redirect: redirect,
}

// readFrame reads what a socket received.
func readFrame(b []byte) (*frame, error) {
	if len(b) < frameLen {
		return nil, fmt.Errorf("a frame of %d bytes, want %d", len(b), frameLen)
	}
	return (*frame)(b[:frameLen]), nil
}
