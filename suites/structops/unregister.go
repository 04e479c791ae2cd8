// SPDX-License-Identifier: Apache-2.0

package structops

import (
	"golang.org/x/sys/unix"

	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/objects"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

var _ = It("structops.unregister.link", func(s *Session) {
	loaded := s.MustLoad(objects.StructOps.TCP)
	before := s.Kernel()
	attached := loaded.MustRegister("ca")
	Expect(available()).To(ContainElement(linked))
	attached.Detach()
	mustBeGone(s, linked)
	Expect(s.Kernel()).To(HoldNothingBeyond(before)) // no link
})

var _ = It("structops.unregister.map", func(s *Session) {
	loaded := s.MustLoad(objects.StructOps.TCPByMap)
	attached := loaded.MustRegister("ca")
	Expect(available()).To(ContainElement(unlinked))
	attached.Detach()
	mustBeGone(s, unlinked)
	if !s.Claims(loader.OneStep) { // which may hold no map
		Expect(loaded.StructOps("ca")).To(BeInState("TOBEFREE"))
	}
})

// A user who closes the object wants nothing of it any more.
var _ = Table("structops.unregister.close", func(s *Session, of control) {
	before := s.Kernel()
	loaded := s.MustLoad(of.object)
	loaded.MustRegister("ca")
	Expect(available()).To(ContainElement(of.title))
	loaded.Close()
	mustBeGone(s, of.title)
	Expect(s.Kernel()).To(HoldNothingBeyond(before))
}, controls...)

// A connection goes on with the congestion control that it has, and the kernel keeps what it needs
// until then. No new one gets it.
var _ = Table("structops.unregister.in-use", func(s *Session, of control) {
	before := s.Kernel()
	loaded := s.MustLoad(of.object)
	attached := loaded.MustRegister("ca")
	inNetwork(s, func(n *network) {
		mustDial(n, of.title, func(c *connection) {
			attached.Detach()
			mustBeGone(s, of.title)
			Expect(c.exchange()).To(Succeed())
			Expect(c.congestion()).To(Equal(of.title))
			_, err := n.dial(of.title)
			Expect(err).To(MatchError(unix.ENOENT))
			loaded.Close()
			Expect(c.exchange()).To(Succeed())
		})
	})
	Expect(s.Kernel()).To(HoldNothingBeyond(before))
}, controls...)
