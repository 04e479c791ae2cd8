// SPDX-License-Identifier: Apache-2.0

package numa

import (
	"github.com/loadstone-bpf/loadstone/objects"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// A refusal is a map that the kernel does not make.
type refusal struct {
	variant string
	object  objects.Object
	node    int
}

// Variant is the part of the spec's id behind the slash.
func (r refusal) Variant() string { return r.variant }

var _ = Table("numa.node.absent-refused", func(s *Session, r refusal) {
	s.NeedsNoNode(r.node)
	s.Refuses(objects.NUMA.NodeZero, r.object, AtCreate, Invalid)
}, []refusal{
	{"next", objects.NUMA.NodeTwo, 2},
	{"63", objects.NUMA.Node63, 63},
	{"1048576", objects.NUMA.NodeHuge, 1 << 20},
})

var _ = Table("numa.type.refused", func(s *Session, r refusal) {
	s.Refuses(objects.NUMA.TypeGood, r.object, AtCreate, Invalid)
}, []refusal{
	{variant: "lru_no_common", object: objects.NUMA.TypeLRUNoCommon},
	{variant: "percpu_array", object: objects.NUMA.TypePercpuArray},
	{variant: "percpu_hash", object: objects.NUMA.TypePercpuHash},
})
