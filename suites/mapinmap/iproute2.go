// SPDX-License-Identifier: Apache-2.0

package mapinmap

import (
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/objects"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// In a definition of iproute2 a map has a number, id, and a map of maps names by inner_id the one
// that its maps are like; that one is put in slot inner_idx of it (bpf_maps_attach_all,
// lib/bpf_legacy.c).

var elfMaps = Layout(loader.IPRoute2Layout)

var _ = It("mapinmap.iproute2.slot-filled", func(s *Session) {
	loaded := s.MustLoad(objects.MapInMap.Iproute2Slots, elfMaps)
	want := map[uint32]uint32{2: loaded.MapID("inner_zero")}
	Expect(slots(loaded, "outer")).To(Equal(want))
	Expect(slots(loaded, "other")).To(Equal(want))
	loaded.Run("store")
	Expect(loaded.Lookup("inner_zero", U32(7))).To(Equal(U64(202)))
})

var _ = It("mapinmap.iproute2.slot-filled/outer-first", func(s *Session) {
	loaded := s.MustLoad(objects.MapInMap.Iproute2OuterFirst, elfMaps)
	Expect(slots(loaded, "a_outer")).To(Equal(map[uint32]uint32{2: loaded.MapID("b_inner")}))
})

var _ = It("mapinmap.iproute2.no-slot", func(s *Session) {
	loaded := s.MustLoad(objects.MapInMap.Iproute2NoSlot, elfMaps)
	Expect(slots(loaded, "outer")).To(BeEmpty())
	Expect(loaded.Map("inner_zero").Type).To(Equal("hash"))
})

// iproute2 itself does not look at the size of a map of maps' values (bpf_map_create).
var _ = It("mapinmap.iproute2.value-size", func(s *Session) {
	loaded := s.MustLoad(objects.MapInMap.Iproute2ValueSize, elfMaps)
	Expect(loaded.Map("outer").ValueSize).To(Equal(uint32(4)))
	Expect(slots(loaded, "outer")).To(Equal(map[uint32]uint32{2: loaded.MapID("inner_zero")}))
})

func refusedElfMap(classes ...Class) func(*Session, fault) {
	return func(s *Session, f fault) {
		before := s.Kernel()
		s.Control(f.control, elfMaps)
		Expect(s.Load(f.bad, elfMaps)).To(BeRejected(AtAnyStage, classes...))
		Expect(s.Kernel()).To(HoldNothingBeyond(before))
	}
}

var _ = Table("mapinmap.iproute2.inner-refused", refusedElfMap(Invalid, NotFound, NotSupported),
	Entry("itself", fault{objects.MapInMap.Iproute2NoSlot, objects.MapInMap.Iproute2Self}),
	Entry("missing", fault{objects.MapInMap.Iproute2NoSlot, objects.MapInMap.Iproute2InnerMissing}),
	Entry("unknown", fault{objects.MapInMap.Iproute2NoSlot, objects.MapInMap.Iproute2InnerUnknown}),
)

var _ = Table("mapinmap.iproute2.slot-refused", refusedElfMap(Invalid, Limit),
	Entry("beyond", fault{objects.MapInMap.Iproute2NoSlot, objects.MapInMap.Iproute2SlotBeyond}),
)
