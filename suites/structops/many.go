// SPDX-License-Identifier: Apache-2.0

package structops

import (
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// times says how often a structure is registered and unregistered again.
const times = 1000

// leak is how much the kernel's memory may grow with each registration, in KiB, on average. The
// least that one takes is a page of code for its functions, of 4 KiB.
const leak = 1

// What stays each time is seen in ids, in descriptors, and in the kernel's memory. Others may take
// of that memory too, so what may have leaked has to leak again.
var _ = It("structops.many.register-again", func(s *Session) {
	s.ExpediteRCU()
	loaded := s.MustLoad(objects.StructOps.TCP)
	first := loaded.MustRegister("ca")
	Expect(available()).To(ContainElement(linked))
	first.Detach()
	held, descriptors := s.Kernel(), s.Descriptors()
	const tries = 3
	grown := leak * times
	for try := 0; try < tries && grown >= leak*times; try++ {
		memory := s.KernelMemory()
		for range times {
			loaded.MustRegister("ca").Detach()
		}
		Expect(s.Kernel()).To(HoldNothingBeyond(held))
		Expect(s.Descriptors()).To(Equal(descriptors))
		grown = s.KernelMemory() - memory
	}
	Expect(grown).To(BeNumerically("<", leak*times), "KiB of the kernel's memory")
	mustBeGone(s, linked)
})
