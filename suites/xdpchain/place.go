// SPDX-License-Identifier: Apache-2.0

package xdpchain

import (
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// A chain in one mode takes no program in another, and stays as it was.
var _ = Table("xdpchain.foreign.other-mode", func(s *Session, mode XDPMode) {
	inNetwork(s, mode, func(c *chain) {
		m := c.add(objects.XDPChain.Many, "a", c.place(0))
		main := s.XDP(c.ifindex)
		other := c.place(0)
		other.Mode = map[XDPMode]XDPMode{NativeMode: SKBMode, SKBMode: NativeMode}[mode]
		Expect(s.Open(objects.XDPChain.Many).AddToChain("b", other)).To(BeRejected(AtAnyStage))
		c.mustBeAsBefore(main, "a")
		c.mustRun(m)
	})
}, modes...)

// An interface that does not exist has no chain.
var _ = It("xdpchain.foreign.no-interface", func(s *Session) {
	inNetwork(s, NativeMode, func(c *chain) {
		c.add(objects.XDPChain.Many, "a", c.place(0))
		nowhere := Place{Ifindex: 1<<30 - 1}
		before := s.Kernel()
		Expect(s.Open(objects.XDPChain.Many).AddToChain("b", nowhere)).
			To(BeRejected(AtAnyStage, NotFound, Invalid))
		Expect(s.RemoveFromChain(nowhere.Ifindex, 0)).To(BeRejected(AtAnyStage, NotFound, Invalid))
		Expect(s.Kernel()).To(HoldNothingBeyond(before))
	})
})
