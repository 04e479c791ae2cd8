// SPDX-License-Identifier: Apache-2.0

package mapinmap

import (
	"encoding/binary"
	"errors"

	"github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"
	"github.com/loadstone-bpf/loadstone/objects/elfedit"
	"github.com/loadstone-bpf/loadstone/oracle"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// slots asks the kernel for the ids of what is in slots 0 to 3 of a map of maps or of programs, and
// returns them by slot. It leaves out empty slots.
func slots(loaded *Attempt, name string) map[uint32]uint32 {
	ginkgo.GinkgoHelper()
	return slotsOf(loaded.MapID(name), loaded.Map(name).MaxEntries)
}

// slotsPinned does what slots does for the map that is pinned at a path.
func slotsPinned(s *Session, path string) map[uint32]uint32 {
	ginkgo.GinkgoHelper()
	return slotsOf(s.Pin(path).Object.ID, s.PinnedMap(path).MaxEntries)
}

func slotsOf(id, entries uint32) map[uint32]uint32 {
	ginkgo.GinkgoHelper()
	held := map[uint32]uint32{}
	for slot := range min(entries, 4) {
		value, err := oracle.Lookup(id, U32(slot))
		if errors.Is(err, oracle.ErrNoSuchKey) {
			continue
		}
		Expect(err).NotTo(HaveOccurred())
		// A map of maps and an array of programs give an id to user space.
		Expect(value).To(HaveLen(4))
		held[slot] = binary.NativeEndian.Uint32(value)
	}
	return held
}

// A filling says which maps of an object are in which slots of its map outer.
type filling struct {
	object objects.Object
	inner  map[uint32]string // name by slot
}

// ids returns the ids of the maps that have to be in the slots.
func (f filling) ids(loaded *Attempt) map[uint32]uint32 {
	ids := map[uint32]uint32{}
	for slot, name := range f.inner {
		ids[slot] = loaded.MapID(name)
	}
	return ids
}

// outerFirst has its map of maps before the map in it. Clang writes the one that is referred to
// first, so the two are swapped: both have 32 bytes.
var outerFirst = objects.MapInMap.MismatchNone.With(
	elfedit.MoveSymbol("outer", 0), elfedit.MoveSymbol("inner_zero", 32),
	elfedit.MoveRelocation(".maps", "inner_zero", -32),
)

// asOldClang has pointers in values relocated as LLVM did before 13: by R_BPF_64_64, the type of
// 64-bit loads.
var asOldClang = objects.MapInMap.SlotsArray.With(
	elfedit.RelocType(".maps", 0, 1), elfedit.RelocType(".maps", 1, 1),
)

var fillings = []Case[filling]{
	Entry("array", filling{objects.MapInMap.SlotsArray, map[uint32]string{0: "inner_zero", 1: "inner_one"}}),
	Entry("array-gaps", filling{objects.MapInMap.SlotsArrayGaps, map[uint32]string{1: "inner_one", 3: "inner_three"}}),
	Entry("hash", filling{objects.MapInMap.SlotsHash, map[uint32]string{0: "inner_zero", 1: "inner_one"}}),
	Entry("hash-gaps", filling{objects.MapInMap.SlotsHashGaps, map[uint32]string{1: "inner_one", 3: "inner_three"}}),
	Entry("none", filling{objects.MapInMap.SlotsNone, nil}),
	Entry("none-hash", filling{objects.MapInMap.SlotsNoneHash, nil}),
	Entry("twice", filling{objects.MapInMap.SlotsTwice, map[uint32]string{0: "inner_zero", 1: "inner_zero"}}),
	Entry("outer-first", filling{outerFirst, map[uint32]string{0: "inner_zero"}}),
	Entry("shared", filling{objects.MapInMap.SlotsShared, map[uint32]string{0: "inner_zero"}}),
	Entry("array-old-clang", filling{asOldClang, map[uint32]string{0: "inner_zero", 1: "inner_one"}}),
}

var _ = Table("mapinmap.slot.filled", func(s *Session, f filling) {
	loaded := s.MustLoad(f.object)
	Expect(slots(loaded, "outer")).To(Equal(f.ids(loaded)))
}, fillings...)

var _ = It("mapinmap.slot.filled/shared-hash", func(s *Session) {
	loaded := s.MustLoad(objects.MapInMap.SlotsShared)
	Expect(slots(loaded, "other")).To(Equal(map[uint32]uint32{1: loaded.MapID("inner_zero")}))
})

var _ = Table("mapinmap.use.update-seen", func(s *Session, f filling) {
	loaded := s.MustLoad(f.object)
	loaded.Run("store")
	for slot, inner := range f.inner {
		Expect(loaded.Lookup(inner, U32(7))).To(Equal(U64(100 + uint64(slot))))
	}
}, fillings[0], fillings[1], fillings[2], fillings[3], fillings[7])

var _ = It("mapinmap.use.update-seen/shared", func(s *Session) {
	loaded := s.MustLoad(objects.MapInMap.SlotsShared)
	loaded.Run("store")
	// The value that was stored last, through the other map of maps.
	Expect(loaded.Lookup("inner_zero", U32(7))).To(Equal(U64(201)))
})

// An outer defines a map of maps, of the type that the kernel has to hold.
type outer struct {
	object objects.Object
	typ    string
}

var _ = Table("mapinmap.outer.made", func(s *Session, o outer) {
	loaded := s.MustLoad(o.object)
	Expect(loaded.Map("outer")).To(BeTheSameMapAs(oracle.MapFacts{
		Name: "outer", Type: o.typ, KeySize: 4, ValueSize: 4, MaxEntries: 4,
	}))
},
	Entry("array_of_maps", outer{objects.MapInMap.SlotsArrayGaps, "array_of_maps"}),
	Entry("hash_of_maps", outer{objects.MapInMap.SlotsHashGaps, "hash_of_maps"}),
)

// An inner map is made by a definition of its own, not by the template.
var _ = It("mapinmap.inner.own-definition", func(s *Session) {
	loaded := s.MustLoad(objects.MapInMap.SizeHash)
	Expect(loaded.Map("inner_zero").MaxEntries).To(Equal(uint32(64)))
	Expect(slots(loaded, "outer")).To(Equal(map[uint32]uint32{0: loaded.MapID("inner_zero")}))
})
