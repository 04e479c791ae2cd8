// SPDX-License-Identifier: Apache-2.0

package numa

import (
	"github.com/cilium/ebpf"
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/oracle"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// A request says where a map without an object has to be, and where the kernel then has it.
type request struct {
	flags uint32
	node  uint32
	want  int
}

var _ = Table("numa.create.placed", func(s *Session, r request) {
	made := s.MustCreate(mapOn(s, "made", r.flags, r.node))
	Expect(made).To(HaveOnNode("made", r.want))
	Expect(made.Map("made").Flags).To(Equal(r.flags))
},
	Entry("anywhere", request{0, 0, oracle.NoNode}),
	Entry("one", request{flag, 1, 1}),
	Entry("zero", request{flag, 0, 0}),
)

var _ = It("numa.create.absent-refused", func(s *Session) {
	const node = 63
	s.NeedsNoNode(node)
	before := s.Kernel()
	control := mapOn(s, "control", flag, 0)
	s.MustCreate(control)
	s.RemovePin(control.Path)
	bad := mapOn(s, "bad", flag, node)
	Expect(s.Create(bad)).To(BeRejected(AtCreate, Invalid))
	Expect(s.Pin(bad.Path)).To(BeNoPin())
	Expect(s.Kernel()).To(HoldNothingBeyond(before))
})

// mapOn asks for a map without an object, on a node.
func mapOn(s *Session, name string, flags, node uint32) NewMap {
	s.Keep("tc/globals/" + name)
	return NewMap{
		Name: name, Path: s.PinFolder() + "/" + name,
		Map: MapAttributes{
			Type: uint32(ebpf.Hash), KeySize: 4, ValueSize: 8, MaxEntries: 16, Flags: flags,
			NumaNode: node,
		},
	}
}
