// SPDX-License-Identifier: Apache-2.0

package numa

import (
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// A change is an object whose map m is told to be on node 1 before it is made.
type change struct {
	variant string
	object  objects.Object
}

// Variant is the part of the spec's id behind the slash.
func (c change) Variant() string { return c.variant }

func (c change) load(s *Session) *Attempt {
	return s.Open(c.object).SetMap("m", NumaNode, 1).Load()
}

var changes = []change{
	{"with-flag", objects.NUMA.FlagAlone},
	{"without-flag", objects.NUMA.NoNode},
	{"another-node", objects.NUMA.NodeZero},
}

// A loader that cannot be told says so, and that is an answer: it did not leave the map anywhere in silence.
var _ = Table("numa.set.not-ignored", func(s *Session, c change) {
	s.Control(c.object)
	before := s.Kernel()
	changed := c.load(s)
	if !changed.OK() {
		changed.Close()
		Expect(s.Kernel()).To(HoldNothingBeyond(before))
		return
	}
	Expect(changed).To(HaveOnNode("m", 1))
}, changes)

var _ = Table("numa.set.placed", func(s *Session, c change) {
	Expect(c.load(s)).To(HaveOnNode("m", 1))
}, changes)
