// SPDX-License-Identifier: Apache-2.0

package numa

import (
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// loadOnOne loads an object whose map m the caller puts on node 1.
func loadOnOne(s *Session, o objects.Object) *Attempt {
	return s.Open(o).SetMap("m", NumaNode, 1).Load()
}

// moved lists objects whose map m is elsewhere by its definition.
var moved = []Case[objects.Object]{
	Entry("with-flag", objects.NUMA.FlagAlone),
	Entry("without-flag", objects.NUMA.NoNode),
	Entry("another-node", objects.NUMA.NodeZero),
}

// A loader without such a request says so, and that is an answer: it did not leave the map anywhere
// in silence.
var _ = Table("numa.set.not-ignored", func(s *Session, o objects.Object) {
	s.Control(o)
	before := s.Kernel()
	changed := loadOnOne(s, o)
	if !changed.OK() {
		changed.Close()
		Expect(s.Kernel()).To(HoldNothingBeyond(before))
		return
	}
	Expect(changed).To(HaveOnNode("m", 1))
}, moved...)

var _ = Table("numa.set.placed", func(s *Session, o objects.Object) {
	Expect(loadOnOne(s, o)).To(HaveOnNode("m", 1))
}, moved...)
