// SPDX-License-Identifier: Apache-2.0

package structops

import (
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// times says how often a structure is registered and unregistered again.
const times = 1000

// What stays each time is seen in ids and descriptors; the kernel's memory is looked at when the
// guest is asked whether it is as it was.
var _ = It("structops.many.register-again", func(s *Session) {
	s.ExpediteRCU()
	loaded := s.MustLoad(objects.StructOps.TCP)
	first := loaded.MustRegister("ca")
	Expect(available()).To(ContainElement(linked))
	first.Detach()
	held, descriptors := s.Kernel(), s.Descriptors()
	for range times {
		loaded.MustRegister("ca").Detach()
	}
	Expect(s.Kernel()).To(HoldNothingBeyond(held))
	Expect(s.Descriptors()).To(Equal(descriptors))
	Expect(available()).NotTo(ContainElement(linked))
})
