// SPDX-License-Identifier: Apache-2.0

package mapinmap

import (
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// pinned loads an object and closes it: the pins alone hold its maps. What was in its outer map is
// returned, by slot.
func pinned(s *Session, o objects.Object, pins ...string) (outerID uint32, held map[uint32]uint32) {
	first := s.MustLoad(o, PinRoot(s.BPFFS()))
	outerID, held = first.MapID("outer"), slots(first, "outer")
	first.Close()
	Expect(s.Pins()).To(ConsistOf(pins))
	s.Keep(pins...)
	return outerID, held
}

var _ = It("mapinmap.pin.inner-reused", func(s *Session) {
	_, before := pinned(s, objects.MapInMap.PinnedInner, "inner_zero")
	loaded := s.MustLoad(objects.MapInMap.PinnedInner, PinRoot(s.BPFFS()))
	Expect(slots(loaded, "outer")).To(Equal(before))
	Expect(slots(loaded, "outer")).To(Equal(map[uint32]uint32{0: loaded.MapID("inner_zero")}))
	loaded.Run("store")
	Expect(loaded.Lookup("inner_zero", U32(7))).To(Equal(U64(100)))
})

// libbpf leaves the slots of a pinned map as they are, and cilium/ebpf fills them again. Either is
// whole: a mix would be a map that no object describes.
var _ = It("mapinmap.pin.outer-reused", func(s *Session) {
	id, before := pinned(s, objects.MapInMap.PinnedOuter, "outer")
	loaded := s.MustLoad(objects.MapInMap.PinnedOuter, PinRoot(s.BPFFS()))
	Expect(loaded.MapID("outer")).To(Equal(id))
	anew := map[uint32]uint32{0: loaded.MapID("inner_zero"), 1: loaded.MapID("inner_one")}
	Expect(slots(loaded, "outer")).To(Or(Equal(before), Equal(anew)))
})

var _ = It("mapinmap.pin.both-reused", func(s *Session) {
	id, before := pinned(s, objects.MapInMap.PinnedBoth, "outer", "inner_zero", "inner_one")
	loaded := s.MustLoad(objects.MapInMap.PinnedBoth, PinRoot(s.BPFFS()))
	Expect(loaded.MapID("outer")).To(Equal(id))
	Expect(slots(loaded, "outer")).To(Equal(before))
	Expect(slots(loaded, "outer")).To(Equal(map[uint32]uint32{
		0: loaded.MapID("inner_zero"), 1: loaded.MapID("inner_one"),
	}))
})

func refusesPinned(s *Session, o objects.Object) {
	pinned(s, objects.MapInMap.PinnedOuter, "outer")
	before := s.Kernel()
	Expect(s.Load(o, PinRoot(s.BPFFS()))).To(BeRejected(AtPin, IncompatiblePin))
	Expect(s.Kernel()).To(HoldNothingBeyond(before))
}

var _ = Table("mapinmap.pin.outer-incompatible-refused", refusesPinned,
	Entry("entries", objects.MapInMap.PinnedOuterLarger),
)

// The kernel keeps what the maps in a pinned map are like, and tells it to programs only.
var _ = Table("mapinmap.pin.template-incompatible-refused", refusesPinned,
	Entry("value", objects.MapInMap.PinnedOuterWide),
)
