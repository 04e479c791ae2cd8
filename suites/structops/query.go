// SPDX-License-Identifier: Apache-2.0

package structops

import (
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"
	"github.com/loadstone-bpf/loadstone/oracle"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// A told structure is one that a loader says the kernel has.
type told struct {
	ID   uint32 `json:"id"`
	Name string `json:"name"`
	Type string `json:"type"`
}

// expectTold expects that a loader tells of the structures that the kernel has, and returns how
// many there are.
func expectTold(s *Session) int {
	var all, want []told
	s.Query("struct_ops", &all)
	ids, err := oracle.StructOpsMaps()
	s.MustWork(err)
	for _, id := range ids {
		facts, err := oracle.StructOps(id)
		s.MustWork(err)
		want = append(want, told{id, facts.Name, facts.Type})
	}
	Expect(all).To(ConsistOf(want))
	return len(want)
}

var _ = It("structops.query.all", func(s *Session) {
	kernel, before := s.Kernel(), expectTold(s)
	loaded := s.MustLoad(objects.StructOps.TCPByMap)
	attached := loaded.MustRegister("ca")
	Expect(expectTold(s)).To(Equal(before + 1))
	attached.Detach()
	loaded.Close()
	Expect(s.Kernel()).To(HoldNothingBeyond(kernel))
	Expect(expectTold(s)).To(Equal(before))
})

var _ = It("structops.query.of-others", func(s *Session) {
	loaded := s.Another().MustLoad(objects.StructOps.TCPByMap)
	loaded.MustRegister("ca")
	Expect(expectTold(s)).To(BeNumerically(">", 0))
})
