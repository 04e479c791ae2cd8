// SPDX-License-Identifier: Apache-2.0

package xdpchain

import (
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"
	"github.com/loadstone-bpf/loadstone/oracle"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// rounds says how often two loaders race.
const rounds = 3

// Two loaders that add to one chain at the same time both have their programs in it.
var _ = It("xdpchain.together.add", func(s *Session) {
	inNetwork(s, NativeMode, func(c *chain) {
		other := s.Another()
		for range rounds {
			ours := s.Open(objects.XDPChain.Many)
			theirs := other.Open(objects.XDPChain.Many)
			AddTogether(
				ToAdd{Attempt: ours, Program: "a", At: c.place(0)},
				ToAdd{Attempt: theirs, Program: "b", At: c.place(0)},
			)
			Expect(ours).To(BeOK())
			Expect(theirs).To(BeOK())
			Expect(c.exchange(newFrame(0))).To(Equal(outcome{"near", "ab"}))
			ours.Close()
			theirs.Close()
			s.MustRemoveFromChain(c.ifindex, 0)
			Expect(s.XDP(c.ifindex)).To(Equal(oracle.XDPFacts{}))
			Expect(s.PinsIn(c.folder())).To(BeEmpty())
		}
	})
})

// Two that add to two interfaces at the same time do not touch each other's.
var _ = It("xdpchain.together.two-interfaces", func(s *Session) {
	inNetwork(s, NativeMode, func(c *chain) {
		a := c.add(objects.XDPChain.Many, "a", c.place(0))
		const loopback = 1
		b := s.Another().Open(objects.XDPChain.Many).
			MustAddToChain("b", Place{Ifindex: loopback, Mode: SKBMode})
		c.mustRun(a)
		Expect(c.exchange(newFrame(0))).To(Equal(outcome{"near", "a"}))
		s.MustRemoveFromChain(loopback, b.ProgramID("b"))
		Expect(s.XDP(loopback)).To(Equal(oracle.XDPFacts{}))
		c.mustRun(a)
	})
})
