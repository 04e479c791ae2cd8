// SPDX-License-Identifier: Apache-2.0

package numa

import (
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/objects"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// pin names the map that the objects of this file pin.
const pin = "shared"

// pinned loads an object, has its map pinned, and closes it: the pin alone holds the map. The map's
// id is returned.
func pinned(s *Session, o objects.Object) uint32 {
	first := s.MustLoad(o, PinRoot(s.BPFFS()))
	id := first.MapID(pin)
	first.Close()
	Expect(s.Pins()).To(ConsistOf(pin))
	s.Keep(pin)
	return id
}

var _ = It("numa.pin.same-node", func(s *Session) {
	id := pinned(s, objects.NUMA.PinnedOne)
	again := s.MustLoad(objects.NUMA.PinnedOne, PinRoot(s.BPFFS()))
	Expect(again.MapID(pin)).To(Equal(id))
	Expect(again).To(HaveOnNode(pin, 1))
})

// A mismatch pairs a pinned map with a definition that wants it on another node.
type mismatch struct {
	there, defined objects.Object
}

var _ = Table("numa.pin.mismatch-refused", func(s *Session, m mismatch) {
	// A loader that does not read nodes refuses the definition, not the pin.
	s.Control(objects.NUMA.NodeZero)
	pinned(s, m.there)
	before := s.Kernel()
	Expect(s.Load(m.defined, PinRoot(s.BPFFS()))).To(BeRejected(AtPin, IncompatiblePin))
	Expect(s.Kernel()).To(HoldNothingBeyond(before))
},
	Entry("another-node", mismatch{objects.NUMA.PinnedZero, objects.NUMA.PinnedOne}),
	Entry("no-node-wanted", mismatch{objects.NUMA.PinnedZero, objects.NUMA.PinnedAnywhere}),
	Entry("node-wanted", mismatch{objects.NUMA.PinnedAnywhere, objects.NUMA.PinnedZero}),
)

var _ = It("numa.pin.mismatch-named", func(s *Session) {
	pinned(s, objects.NUMA.PinnedZero)
	refused := s.Load(objects.NUMA.PinnedOne, PinRoot(s.BPFFS()))
	Expect(refused).To(BeRejected(AtPin, IncompatiblePin))
	Expect(refused.Reply.(*loader.Rejected).Differs).To(ConsistOf(loader.Difference{
		Attribute: NumaNode, Pinned: 0, Defined: 1,
	}))
})
