// SPDX-License-Identifier: Apache-2.0

package numa

import (
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"
	"github.com/loadstone-bpf/loadstone/oracle"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// flag has the value of BPF_F_NUMA_NODE.
const flag = 1 << 2

// placements have one definition three times: on_zero on node 0, on_one on node 1, and anywhere
// without a node.
var placements = []Case[objects.Object]{
	Entry("array", objects.NUMA.Array),
	Entry("array_mmapable", objects.NUMA.ArrayMmapable),
	Entry("bloom_filter", objects.NUMA.BloomFilter),
	Entry("cpumap", objects.NUMA.Cpumap),
	Entry("devmap", objects.NUMA.Devmap),
	Entry("devmap_hash", objects.NUMA.DevmapHash),
	Entry("hash", objects.NUMA.Hash),
	Entry("hash_no_prealloc", objects.NUMA.HashNoPrealloc),
	Entry("lpm_trie", objects.NUMA.LpmTrie),
	Entry("lru_hash", objects.NUMA.LRUHash),
	Entry("prog_array", objects.NUMA.ProgArray),
	Entry("queue", objects.NUMA.Queue),
	Entry("ringbuf", objects.NUMA.Ringbuf),
	Entry("stack", objects.NUMA.Stack),
	Entry("xskmap", objects.NUMA.Xskmap),
}

var _ = Table("numa.node.placed", func(s *Session, o objects.Object) {
	loaded := s.MustLoad(o)
	Expect(loaded).To(HaveOnNode("on_zero", 0))
	Expect(loaded).To(HaveOnNode("on_one", 1))
	Expect(loaded).To(HaveOnNode("anywhere", oracle.NoNode))
}, placements...)

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

// A withoutFlag names a node without the flag for it.
type withoutFlag struct {
	object objects.Object
	node   int
}

var withoutFlags = []Case[withoutFlag]{
	Entry("zero", withoutFlag{objects.NUMA.NodeZeroAlone, 0}),
	Entry("one", withoutFlag{objects.NUMA.NodeOneAlone, 1}),
	Entry("one-before-flags", withoutFlag{objects.NUMA.NodeOneBeforeFlags, 1}),
	Entry("zero-before-flags", withoutFlag{objects.NUMA.NodeZeroBeforeFlags, 0}),
}

var _ = Table("numa.node.without-flag", func(s *Session, w withoutFlag) {
	loaded := s.Load(w.object)
	if !loaded.OK() {
		s.Refuses(objects.NUMA.NoNode, w.object, AtAnyStage)
		return
	}
	Expect(loaded).To(HaveOnNode("m", w.node))
}, withoutFlags...)

// These definitions name NUMA_NO_NODE, the kernel's word for any node.
var _ = Table("numa.node.any", func(s *Session, o objects.Object) {
	loaded := s.Load(o)
	if !loaded.OK() {
		s.Refuses(objects.NUMA.NoNode, o, AtAnyStage)
		return
	}
	Expect(loaded).To(HaveOnNode("m", oracle.NoNode))
},
	Entry("with-flag", objects.NUMA.AnyNode),
	Entry("without-flag", objects.NUMA.AnyNodeAlone),
)

var _ = Table("numa.node.pages", func(s *Session, o objects.Object) {
	loaded := s.MustLoad(o)
	Expect(loaded).To(HavePagesOnNode("on_zero", 0))
	Expect(loaded).To(HavePagesOnNode("on_one", 1))
},
	Entry("array", objects.NUMA.ArrayMmapable),
	Entry("ringbuf", objects.NUMA.Ringbuf),
)
