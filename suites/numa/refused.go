// SPDX-License-Identifier: Apache-2.0

package numa

import (
	"github.com/loadstone-bpf/loadstone/objects"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// An absent defines its map on a node that few machines have.
type absent struct {
	object objects.Object
	node   int
}

var _ = Table("numa.node.absent-refused", func(s *Session, a absent) {
	s.NeedsNoNode(a.node)
	s.Refuses(objects.NUMA.NodeZero, a.object, AtCreate, Invalid)
},
	Entry("next", absent{objects.NUMA.NodeTwo, 2}),
	Entry("63", absent{objects.NUMA.Node63, 63}),
	Entry("1048576", absent{objects.NUMA.NodeHuge, 1 << 20}),
)

var _ = Table("numa.type.refused", func(s *Session, o objects.Object) {
	s.Refuses(objects.NUMA.TypeGood, o, AtCreate, Invalid)
},
	Entry("lru_no_common", objects.NUMA.TypeLRUNoCommon),
	Entry("percpu_array", objects.NUMA.TypePercpuArray),
	Entry("percpu_hash", objects.NUMA.TypePercpuHash),
)
