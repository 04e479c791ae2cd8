// SPDX-License-Identifier: Apache-2.0

package xdpchain

import (
	. "github.com/onsi/gomega"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// A chain whose pins are gone still runs, and is taken off the interface.
var _ = It("xdpchain.clean.pins-gone", func(s *Session) {
	inNetwork(s, NativeMode, func(c *chain) {
		within := s.Kernel()
		for _, m := range c.addMany("ab") {
			m.Close()
		}
		s.RemoveAllIn(c.dispatcherFolder(s.XDP(c.ifindex).Program))
		s.MustRemoveFromChain(c.ifindex, 0)
		Expect(s.XDP(c.ifindex).Program).To(BeZero())
		Expect(s.PinsIn(c.folder())).To(BeEmpty())
		Expect(s.Kernel()).To(HoldNothingBeyond(within))
	})
})

// What is left of the chain of an interface that is gone, a clean removes: pins, and the programs
// that they keep.
var _ = It("xdpchain.clean.interface-gone", func(s *Session) {
	inNetwork(s, NativeMode, func(c *chain) {
		before := s.Kernel()
		members := c.addMany("ab")
		for _, m := range members {
			m.Close()
		}
		Expect(s.PinsIn(c.folder())).NotTo(BeEmpty())
		s.MustWork(c.cut())
		Expect(s.CleanChain(c.ifindex)).To(BeOK())
		Expect(s.PinsIn(c.folder())).To(BeEmpty())
		c.mustBeGone(idsOf(members)...)
		Expect(s.Kernel()).To(HoldNothingBeyond(before))
	})
})
