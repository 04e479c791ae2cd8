// SPDX-License-Identifier: Apache-2.0

package numa

import (
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"
	"github.com/loadstone-bpf/loadstone/oracle"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

var _ = It("numa.inner.placed", func(s *Session) {
	loaded := s.MustLoad(objects.NUMA.Inner)
	Expect(loaded).To(HaveOnNode("outer", 1))
	Expect(loaded).To(HaveOnNode("inner_zero", 0))
	Expect(loaded).To(HaveOnNode("inner_one", 1))
})

var _ = It("numa.inner.used", func(s *Session) {
	loaded := s.MustLoad(objects.NUMA.Inner)
	loaded.Run("store")
	Expect(loaded.Lookup("inner_zero", U32(7))).To(Equal(U64(77)))
	Expect(loaded.Lookup("inner_one", U32(7))).To(Equal(U64(77)))
})

// The maps of global data are found by the program that uses them: what they are called differs
// between loaders.
var _ = It("numa.data.unaffected", func(s *Session) {
	loaded := s.MustLoad(objects.NUMA.Data)
	Expect(loaded).To(HaveOnNode("m", 1))
	m := loaded.MapID("m")
	used := loaded.Program("store").Maps
	Expect(used).To(HaveLen(4)) // m, and a map of each kind of data
	for _, id := range used {
		node, err := oracle.NUMANode(id)
		Expect(err).NotTo(HaveOccurred())
		Expect(node == oracle.NoNode).To(Equal(id != m), "map %d is on node %d", id, node)
	}
})
