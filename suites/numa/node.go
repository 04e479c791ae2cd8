// SPDX-License-Identifier: Apache-2.0

package numa

import (
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"
	"github.com/loadstone-bpf/loadstone/oracle"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// flag is BPF_F_NUMA_NODE.
const flag = 1 << 2

// A placement is one definition three times: on_zero on node 0, on_one on node 1, and anywhere without a node.
type placement struct {
	variant string
	object  objects.Object
}

// Variant is the part of the spec's id behind the slash.
func (p placement) Variant() string { return p.variant }

var placements = []placement{
	{"array", objects.NUMA.Array},
	{"array_mmapable", objects.NUMA.ArrayMmapable},
	{"bloom_filter", objects.NUMA.BloomFilter},
	{"cpumap", objects.NUMA.Cpumap},
	{"devmap", objects.NUMA.Devmap},
	{"devmap_hash", objects.NUMA.DevmapHash},
	{"hash", objects.NUMA.Hash},
	{"hash_no_prealloc", objects.NUMA.HashNoPrealloc},
	{"lpm_trie", objects.NUMA.LpmTrie},
	{"lru_hash", objects.NUMA.LRUHash},
	{"prog_array", objects.NUMA.ProgArray},
	{"queue", objects.NUMA.Queue},
	{"ringbuf", objects.NUMA.Ringbuf},
	{"stack", objects.NUMA.Stack},
	{"xskmap", objects.NUMA.Xskmap},
}

var _ = Table("numa.node.placed", func(s *Session, p placement) {
	loaded := s.MustLoad(p.object)
	Expect(loaded).To(HaveOnNode("on_zero", 0))
	Expect(loaded).To(HaveOnNode("on_one", 1))
	Expect(loaded).To(HaveOnNode("anywhere", oracle.NoNode))
}, placements)

var _ = It("numa.node.zero", func(s *Session) {
	Expect(s.MustLoad(objects.NUMA.NodeZero)).To(HaveOnNode("m", 0))
})

var _ = It("numa.node.flag-alone", func(s *Session) {
	Expect(s.MustLoad(objects.NUMA.FlagAlone)).To(HaveOnNode("m", 0))
})

var _ = It("numa.node.none", func(s *Session) {
	loaded := s.MustLoad(objects.NUMA.NoNode)
	Expect(loaded).To(HaveOnNode("m", oracle.NoNode))
	Expect(loaded.Map("m").Flags & flag).To(BeZero())
})

var _ = It("numa.node.flag-kept", func(s *Session) {
	Expect(s.MustLoad(objects.NUMA.NodeZero).Map("m").Flags).To(Equal(uint32(flag)))
})

// alone is a node that is named without the flag for it.
type alone struct {
	variant string
	object  objects.Object
	node    int
}

// Variant is the part of the spec's id behind the slash.
func (a alone) Variant() string { return a.variant }

var alones = []alone{
	{"zero", objects.NUMA.NodeZeroAlone, 0},
	{"one", objects.NUMA.NodeOneAlone, 1},
}

var _ = Table("numa.node.without-flag", func(s *Session, a alone) {
	loaded := s.Load(a.object)
	if !loaded.OK() {
		s.Refuses(objects.NUMA.NoNode, a.object, AtAnyStage)
		return
	}
	Expect(loaded).To(HaveOnNode("m", a.node))
}, alones)

// anyNode is the kernel's word for any node, in a definition.
type anyNode struct {
	variant string
	object  objects.Object
}

// Variant is the part of the spec's id behind the slash.
func (a anyNode) Variant() string { return a.variant }

var _ = Table("numa.node.any", func(s *Session, a anyNode) {
	loaded := s.Load(a.object)
	if !loaded.OK() {
		s.Refuses(objects.NUMA.NoNode, a.object, AtAnyStage)
		return
	}
	Expect(loaded).To(HaveOnNode("m", oracle.NoNode))
}, []anyNode{
	{"with-flag", objects.NUMA.AnyNode},
	{"without-flag", objects.NUMA.AnyNodeAlone},
})

var _ = Table("numa.node.pages", func(s *Session, p placement) {
	loaded := s.MustLoad(p.object)
	Expect(loaded).To(HavePagesOnNode("on_zero", 0))
	Expect(loaded).To(HavePagesOnNode("on_one", 1))
}, []placement{
	{"array", objects.NUMA.ArrayMmapable},
	{"ringbuf", objects.NUMA.Ringbuf},
})
