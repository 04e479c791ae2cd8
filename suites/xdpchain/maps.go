// SPDX-License-Identifier: Apache-2.0

package xdpchain

import (
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// Maps that are pinned by name are one map of two programs, also of different loads.
var _ = It("xdpchain.maps.shared", func(s *Session) {
	folder := s.PinFolder()
	s.Keep("tc/globals/seen")
	inNetwork(s, NativeMode, func(c *chain) {
		for _, name := range []string{"a", "b"} {
			s.Open(objects.XDPChain.Shared, PinRoot(folder)).MustAddToChain(name, c.place(0))
		}
		Expect(c.exchange(newFrame(0))).To(Equal(outcome{"near", "ab"}))
		for letter := range uint32(2) {
			Expect(s.PinnedValue(folder+"/seen", U32(letter))).To(Equal(U64(2)))
		}
	})
})

// What a program has counted stays when others are added and removed.
var _ = It("xdpchain.maps.kept", func(s *Session) {
	inNetwork(s, NativeMode, func(c *chain) {
		b := c.add(objects.XDPChain.Many, "b", c.place(0))
		c.exchange(newFrame(0))
		a := c.add(objects.XDPChain.Many, "a", c.place(0))
		c.exchange(newFrame(0))
		s.MustRemoveFromChain(c.ifindex, a.id)
		c.exchange(newFrame(0))
		Expect(b.seen(s)).To(BeEquivalentTo(6))
	})
})
