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
