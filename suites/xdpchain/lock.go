// SPDX-License-Identifier: Apache-2.0

package xdpchain

import (
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// Who has changed a chain, or was refused to, holds its lock no longer.
var _ = It("xdpchain.together.lock-released", func(s *Session) {
	inNetwork(s, NativeMode, func(c *chain) {
		c.add(objects.XDPChain.Many, "a", c.place(0))
		Expect(s.Locked(c.folder())).To(BeFalse())
		Expect(s.Open(objects.XDPChain.OddTwoArguments).AddToChain("a", c.place(0))).
			To(BeRejected(AtAnyStage))
		Expect(s.Locked(c.folder())).To(BeFalse())
		s.MustRemoveFromChain(c.ifindex, 0)
		Expect(s.Locked(c.folder())).To(BeFalse())
	})
})
