// SPDX-License-Identifier: Apache-2.0

package mapdefs

import (
	"encoding/binary"

	"github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/objects"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// A fault is one way in which an object is bad, beside the same object without it.
type fault struct {
	variant      string
	control, bad objects.Object
	classes      []Class // what a loader may call it
}

// Variant is the part of the spec's id behind the slash.
func (f fault) Variant() string { return f.variant }

// refuses is [Session.Refuses] for a fault that one loader finds when it opens the object, and another when it loads it: refusing is what
// counts.
func refuses(s *Session, control, bad objects.Object, classes ...Class) {
	ginkgo.GinkgoHelper()
	before := s.Kernel()
	s.Control(control)
	stage, reply := AtOpen, s.Open(bad)
	if reply.OK() {
		stage, reply = AtLoad, reply.Load()
	}
	Expect(reply).To(BeRejected(stage, classes...))
	Expect(s.Kernel()).To(HoldNothingBeyond(before))
}

// u32 is a key or value as a program sees it.
func u32(n uint32) []byte { return binary.NativeEndian.AppendUint32(nil, n) }

// u64 is a key or value as a program sees it.
func u64(n uint64) []byte { return binary.NativeEndian.AppendUint64(nil, n) }

// ignored are the fields that a loader says it ignored when it opened an object, as map.field.
func ignored(opened *Attempt) []string { return opened.Reply.(*loader.OK).Unknown }

// packet is what XDP programs are run over: as short as an Ethernet frame may be.
var packet = make([]byte, 64)
