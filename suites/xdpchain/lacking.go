// SPDX-License-Identifier: Apache-2.0

package xdpchain

import (
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"
	"github.com/loadstone-bpf/loadstone/oracle"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// Where the kernel has no programs that extend others, a chain is refused, and nothing of it is
// left. A loader may put the first program on the interface without a chain instead; then the
// second is refused.
var _ = It("xdpchain.lacking.refused", func(s *Session) {
	s.NeedsNoExtensions()
	s.Control(objects.XDPChain.Many)
	atDevices(s, NativeMode, func(c *chain) {
		before := s.Kernel()
		first := s.Open(objects.XDPChain.Many).AddToChain("a", c.place(0))
		if first.OK() {
			main := s.XDP(c.ifindex)
			Expect(main.Program).To(Equal(first.ProgramID("a")))
			before = s.Kernel()
			first = s.Open(objects.XDPChain.Many).AddToChain("b", c.place(0))
			c.mustBeAsBefore(main, "a")
		} else {
			Expect(s.XDP(c.ifindex)).To(Equal(oracle.XDPFacts{}))
		}
		Expect(first).To(BeRejected(AtAnyStage, NotSupported, Permission))
		Expect(s.PinsIn(c.folder())).To(BeEmpty())
		Expect(s.Kernel()).To(HoldNothingBeyond(before))
	})
})

// What the interface runs stays there.
var _ = Table("xdpchain.lacking.left-alone", func(s *Session, of foreign) {
	s.NeedsNoExtensions()
	s.Control(objects.XDPChain.Many)
	atDevices(s, of.mode, func(c *chain) {
		p := of.put(c, of.mode)
		defer p.Close()
		main, before := s.XDP(c.ifindex), s.Kernel()
		Expect(s.Open(objects.XDPChain.Many).AddToChain("a", c.place(0))).
			To(BeRejected(AtAnyStage, Busy, NameConflict, NotSupported, Permission))
		c.mustBeAsBefore(main, "")
		Expect(s.Kernel()).To(HoldNothingBeyond(before))
	})
},
	Entry("netlink", foreign{(*chain).putForeign, NativeMode}),
	Entry("netlink-skb", foreign{(*chain).putForeign, SKBMode}),
	Entry("link", foreign{(*chain).linkForeign, NativeMode}),
)
