// SPDX-License-Identifier: Apache-2.0

package xdpchain

import (
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// slots says how many programs a dispatcher of libxdp's takes.
const slots = "abcdefghij"

var _ = Table("xdpchain.many.ten", func(s *Session, mode XDPMode) {
	inNetwork(s, mode, func(c *chain) {
		members := c.addMany(slots)
		c.mustRun(members...)
		Expect(c.exchange(newFrame(0))).To(Equal(outcome{"near", slots}))
		Expect(c.exchange(newFrame(0).answer('e', tx))).To(Equal(outcome{"far", "abcde"}))
	})
}, modes...)

// The eleventh is refused, or runs; the others run as they did.
var _ = It("xdpchain.many.eleven", func(s *Session) {
	inNetwork(s, NativeMode, func(c *chain) {
		members := c.addMany(slots)
		main := s.XDP(c.ifindex)
		more := s.Open(objects.XDPChain.Many).AddToChain("k", c.place(0))
		if more.OK() {
			Expect(c.exchange(newFrame(0))).To(Equal(outcome{"near", slots + "k"}))
			return
		}
		Expect(more).To(BeRejected(AtAttach, Limit))
		c.mustBeAsBefore(main, slots)
		c.mustRun(members...)
	})
})

// One program goes, and one comes, where there is room for no more.
var _ = It("xdpchain.many.room-again", func(s *Session) {
	inNetwork(s, NativeMode, func(c *chain) {
		members := c.addMany(slots)
		s.MustRemoveFromChain(c.ifindex, members[3].id)
		c.add(objects.XDPChain.Many, "k", c.place(0))
		Expect(c.exchange(newFrame(0))).To(Equal(outcome{"near", "abcefghijk"}))
	})
})

// The same program of the same object is another program each time it is added.
var _ = It("xdpchain.many.same-twice", func(s *Session) {
	inNetwork(s, NativeMode, func(c *chain) {
		first := c.add(objects.XDPChain.Many, "a", c.place(0))
		second := c.add(objects.XDPChain.Many, "a", c.place(0))
		Expect(second.id).NotTo(Equal(first.id))
		c.mustRun(first, second)
		Expect(c.exchange(newFrame(0))).To(Equal(outcome{"near", "aa"}))
		s.MustRemoveFromChain(c.ifindex, first.id)
		c.mustRun(second)
		Expect(c.exchange(newFrame(0))).To(Equal(outcome{"near", "a"}))
		Expect(second.seen(s)).To(BeEquivalentTo(4))
	})
})

// A new program takes the place of an old one, which runs until the new one does.
var _ = It("xdpchain.many.replaced", func(s *Session) {
	inNetwork(s, NativeMode, func(c *chain) {
		old := c.add(objects.XDPChain.Many, "b", c.place(20))
		c.add(objects.XDPChain.Many, "a", c.place(10))
		c.add(objects.XDPChain.Many, "c", c.place(30))
		c.add(objects.XDPChain.Many, "d", c.place(20))
		s.MustRemoveFromChain(c.ifindex, old.id)
		Expect(c.exchange(newFrame(0))).To(Equal(outcome{"near", "adc"}))
	})
})
