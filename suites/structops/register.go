// SPDX-License-Identifier: Apache-2.0

package structops

import (
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// The names of the objects' congestion controls.
const (
	linked   = "ls_tcp"
	unlinked = "ls_tcp_map"
)

var _ = It("structops.register.link", func(s *Session) {
	loaded := s.MustLoad(objects.StructOps.TCP)
	attached := loaded.MustRegister("ca")
	Expect(available()).To(ContainElement(linked))
	Expect(s.RegisteredBy(attached.LinkID())).To(Equal(loaded.MapID("ca")))
	Expect(loaded.StructOps("ca")).To(BeInState("READY"))
	Expect(loaded.StructOps("ca").Link).To(BeTrue())
})

var _ = It("structops.register.map", func(s *Session) {
	loaded := s.MustLoad(objects.StructOps.TCPByMap)
	attached := loaded.MustRegister("ca")
	Expect(available()).To(ContainElement(unlinked))
	Expect(attached.HasLink()).To(BeFalse())
	Expect(loaded.StructOps("ca")).To(BeInState("INUSE"))
	Expect(loaded.StructOps("ca").Link).To(BeFalse())
})

var _ = It("structops.unregister.link", func(s *Session) {
	loaded := s.MustLoad(objects.StructOps.TCP)
	before := s.Kernel()
	attached := loaded.MustRegister("ca")
	Expect(available()).To(ContainElement(linked))
	attached.Detach()
	Expect(available()).NotTo(ContainElement(linked))
	Expect(s.Kernel()).To(HoldNothingBeyond(before)) // no link
})

var _ = It("structops.unregister.map", func(s *Session) {
	loaded := s.MustLoad(objects.StructOps.TCPByMap)
	attached := loaded.MustRegister("ca")
	Expect(available()).To(ContainElement(unlinked))
	attached.Detach()
	Expect(available()).NotTo(ContainElement(unlinked))
	Expect(loaded.StructOps("ca")).To(BeInState("TOBEFREE"))
})
