// SPDX-License-Identifier: Apache-2.0

package pinning

import (
	"github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/objects"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// A mismatch pairs a pinned map with a definition of the same name that differs from it.
type mismatch struct {
	pinned, defined objects.Object
	differs         []Difference
}

var mismatches = []Case[mismatch]{
	Entry("type", mismatch{objects.Pinning.Hash, objects.Pinning.HashType, []Difference{differs(MapType, hash, lruHash)}}),
	Entry("key_size", mismatch{objects.Pinning.Hash, objects.Pinning.HashKey, []Difference{differs(KeySize, 4, 8)}}),
	Entry("value_size", mismatch{objects.Pinning.Hash, objects.Pinning.HashValue, []Difference{differs(ValueSize, 8, 4)}}),
	Entry("max_entries", mismatch{objects.Pinning.Hash, objects.Pinning.HashEntries, []Difference{differs(MaxEntries, 4, 8)}}),
	Entry("map_flags", mismatch{objects.Pinning.Hash, objects.Pinning.HashFlags, []Difference{differs(MapFlags, 0, noPrealloc)}}),
	Entry("map_extra", mismatch{objects.Pinning.Bloom, objects.Pinning.BloomExtra, []Difference{differs(MapExtra, 3, 4)}}),
	Entry("several", mismatch{objects.Pinning.Hash, objects.Pinning.HashSeveral, []Difference{
		differs(MapType, hash, lruHash), differs(KeySize, 4, 8), differs(ValueSize, 8, 4),
		differs(MaxEntries, 4, 8), differs(MapFlags, 0, zeroSeed),
	}}),
}

func differs(attribute loader.Attribute, pinned, defined uint64) Difference {
	return Difference{Attribute: attribute, Pinned: pinned, Defined: defined}
}

// Numbers of include/uapi/linux/bpf.h.
const (
	hash       = 1      // BPF_MAP_TYPE_HASH
	lruHash    = 9      // BPF_MAP_TYPE_LRU_HASH
	noPrealloc = 1 << 0 // BPF_F_NO_PREALLOC
	zeroSeed   = 1 << 6 // BPF_F_ZERO_SEED
)

var _ = Table("pinning.mismatch-refused", func(s *Session, m mismatch) {
	folder := keeping(s, "m")
	controlled(s, m.defined, folder)
	pinned := s.MustLoad(m.pinned, PinRoot(folder))
	pinned.Run("store")
	pinned.Close()
	facts := s.PinnedMap(folder + "/m")
	refusesUntouched(s, []string{folder + "/m"},
		func() *Attempt { return s.Load(m.defined, PinRoot(folder)) }, AtPin, IncompatiblePin)
	Expect(s.PinnedMap(folder + "/m")).To(BeTheSameMapAs(facts))
	if facts.KeySize > 0 { // a Bloom filter does not tell what it holds
		Expect(s.PinnedValue(folder+"/m", U32(7))).To(Equal(U64(77)))
	}
}, mismatches...)

// Two types of maps of devices are as different as any.
var _ = It("pinning.mismatch-refused/device-type", func(s *Session) {
	folder := keeping(s, "m")
	controlled(s, objects.Pinning.DevmapHash, folder)
	controlled(s, objects.Pinning.Devmap, folder)
	s.MustLoad(objects.Pinning.Devmap, PinRoot(folder)).Close()
	facts := s.PinnedMap(folder + "/m")
	refusesUntouched(s, []string{folder + "/m"},
		func() *Attempt { return s.Load(objects.Pinning.DevmapHash, PinRoot(folder)) }, AtPin,
		IncompatiblePin)
	Expect(s.PinnedMap(folder + "/m")).To(BeTheSameMapAs(facts))
})

// The kernel rounds up the number of entries of both, to different ones.
var _ = It("pinning.mismatch-refused/rounded-entries", func(s *Session) {
	folder := keeping(s, "m")
	controlled(s, objects.Pinning.HashLRUNoCommonMore, folder)
	s.MustLoad(objects.Pinning.HashLRUNoCommon, PinRoot(folder)).Close()
	refusesUntouched(s, []string{folder + "/m"},
		func() *Attempt { return s.Load(objects.Pinning.HashLRUNoCommonMore, PinRoot(folder)) }, AtPin,
		IncompatiblePin)
})

// names expects that the loader refuses a mismatch, and names what differs.
func names(s *Session, m mismatch, folder string) {
	ginkgo.GinkgoHelper()
	controlled(s, m.defined, folder)
	s.Control(m.pinned, PinRoot(folder))
	refusal := s.Load(m.defined, PinRoot(folder))
	Expect(refusal).To(BeRejected(AtPin, IncompatiblePin))
	Expect(refusal).To(NameTheDifferences(m.differs...))
	s.RemovePin(folder + "/m")
}

var _ = It("pinning.mismatch-named", func(s *Session) {
	for _, m := range mismatches {
		if m.Name != "map_extra" { // which has a spec of its own, for kernels that have it
			names(s, m.Of, s.PinFolder())
		}
	}
})

var _ = It("pinning.mismatch-named/map_extra", func(s *Session) {
	for _, m := range mismatches {
		if m.Name == "map_extra" {
			names(s, m.Of, s.PinFolder())
		}
	}
})
