// SPDX-License-Identifier: Apache-2.0

package xdpchain

import (
	. "github.com/onsi/gomega"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// Two programs of one priority run in the order of their names, whichever came first.
var _ = Table("xdpchain.add.two", func(s *Session, mode XDPMode) {
	inNetwork(s, mode, func(c *chain) {
		members := c.addMany("ba")
		c.mustRun(members...)
		Expect(c.exchange(newFrame(0))).To(Equal(outcome{"near", "ab"}))
		for _, m := range members {
			Expect(m.seen(s)).To(BeEquivalentTo(2))
		}
	})
}, modes...)
