// SPDX-License-Identifier: Apache-2.0

package mapdefs

import (
	"strings"

	"github.com/cilium/ebpf"
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/oracle"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// A map without an object has the attributes that the kernel was asked for, and its pin alone holds
// it.

// Flags of maps, from include/uapi/linux/bpf.h.
const (
	noPrealloc = 1 << 0
	rdonlyProg = 1 << 7
	mmapable   = 1 << 10
)

// A creation asks for a map without an object, and says what the kernel has to make of it.
type creation struct {
	typ        ebpf.MapType
	attributes MapAttributes // but for the type
	name       string        // the kernel's name of the type
	adds       uint32        // flags that the kernel adds
}

// The kernel adds BPF_F_RDONLY_PROG to a devmap (0cdbb4b09a06, "devmap: Allow map lookups from
// eBPF").
var creations = []Case[creation]{
	Entry("array", creation{ebpf.Array, MapAttributes{KeySize: 4, ValueSize: 24, MaxEntries: 7}, "array", 0}),
	Entry("array_mmapable", creation{ebpf.Array, MapAttributes{KeySize: 4, ValueSize: 8, MaxEntries: 8, Flags: mmapable}, "array", 0}),
	Entry("devmap_hash", creation{ebpf.DevMapHash, MapAttributes{KeySize: 4, ValueSize: 4, MaxEntries: 4}, "devmap_hash", rdonlyProg}),
	Entry("hash", creation{ebpf.Hash, MapAttributes{KeySize: 16, ValueSize: 8, MaxEntries: 100}, "hash", 0}),
	Entry("hash_no_prealloc", creation{ebpf.Hash, MapAttributes{KeySize: 4, ValueSize: 8, MaxEntries: 16, Flags: noPrealloc}, "hash", 0}),
	Entry("lpm_trie", creation{ebpf.LPMTrie, MapAttributes{KeySize: 8, ValueSize: 4, MaxEntries: 32, Flags: noPrealloc}, "lpm_trie", 0}),
	Entry("lru_hash", creation{ebpf.LRUHash, MapAttributes{KeySize: 8, ValueSize: 8, MaxEntries: 64}, "lru_hash", 0}),
	Entry("percpu_array", creation{ebpf.PerCPUArray, MapAttributes{KeySize: 4, ValueSize: 8, MaxEntries: 3}, "percpu_array", 0}),
	Entry("queue", creation{ebpf.Queue, MapAttributes{ValueSize: 8, MaxEntries: 16}, "queue", 0}),
	Entry("ringbuf", creation{ebpf.RingBuf, MapAttributes{MaxEntries: 64 << 10}, "ringbuf", 0}),
}

var _ = Table("mapdefs.create.made", func(s *Session, c creation) {
	made := requestMap(s, "made")
	made.Map = c.attributes
	made.Map.Type = uint32(c.typ)
	before := s.Kernel()
	created := s.MustCreate(made)
	Expect(s.Pin(made.Path)).To(BeThePinOfMap(created.MapID("made")))
	Expect(created.Map("made")).To(BeTheSameMapAs(oracle.MapFacts{
		Name: "made", Type: c.name, KeySize: c.attributes.KeySize,
		ValueSize: c.attributes.ValueSize, MaxEntries: c.attributes.MaxEntries,
		Flags: c.attributes.Flags | c.adds,
	}))
	Eventually(newMaps).WithArguments(s, before).WithTimeout(s.Patience(settles)).Should(
		Equal([]string{"made"}))
}, creations...)

var _ = It("mapdefs.create.map-extra", func(s *Session) {
	made := requestMap(s, "made")
	made.Map = MapAttributes{Type: uint32(ebpf.BloomFilter), ValueSize: 8, MaxEntries: 16, MapExtra: 3} // hashes
	Expect(s.MustCreate(made).Map("made")).To(BeTheSameMapAs(oracle.MapFacts{
		Name: "made", Type: "bloom_filter", ValueSize: 8, MaxEntries: 16, Extra: 3,
	}))
})

var _ = It("mapdefs.create.name", func(s *Session) {
	longest := requestMap(s, strings.Repeat("n", 15))
	Expect(s.MustCreate(longest).Map(longest.Name).Name).To(Equal(longest.Name))
	longer := requestMap(s, "the_first_of_16_")
	created := s.Create(longer)
	if !created.OK() {
		Expect(created).To(BeRejected(AtCreate, Limit, Invalid))
		return
	}
	Expect(created.Map(longer.Name).Name).To(Equal("the_first_of_16"))
})

var _ = It("mapdefs.create.each-its-own", func(s *Session) {
	before := s.Kernel()
	first, second := requestMap(s, "first"), requestMap(s, "second")
	first.Name, second.Name = "twin", "twin"
	one, other := s.MustCreate(first), s.MustCreate(second)
	Expect(s.Pin(first.Path)).To(BeThePinOfMap(one.MapID("twin")))
	Expect(s.Pin(second.Path)).To(BeThePinOfMap(other.MapID("twin")))
	Eventually(newMaps).WithArguments(s, before).WithTimeout(s.Patience(settles)).Should(
		Equal([]string{"twin", "twin"}))
})

var _ = It("mapdefs.create.held-by-pin-alone", func(s *Session) {
	made := requestMap(s, "made")
	before := s.Kernel()
	s.MustCreate(made)
	s.RemovePin(made.Path)
	Expect(s.Kernel()).To(HoldNothingBeyond(before))
})

var _ = It("mapdefs.create.outlives-loader", func(s *Session) {
	made := requestMap(s, "made")
	id := s.MustCreate(made).MapID("made")
	pin := s.Pin(made.Path)
	s.Restart()
	Expect(s.Pin(made.Path)).To(BeUntouchedSince(pin))
	Expect(s.Pin(made.Path)).To(BeThePinOfMap(id))
})

// requestMap asks for a hash of that name, pinned under its name. The pin stays when the loader is
// gone.
func requestMap(s *Session, name string) NewMap {
	s.Keep("tc/globals/" + name)
	return NewMap{
		Name: name, Map: MapAttributes{
			Type: uint32(ebpf.Hash), KeySize: 4, ValueSize: 8, MaxEntries: 16,
		}, Path: s.PinFolder() + "/" + name,
	}
}
