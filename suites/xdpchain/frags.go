// SPDX-License-Identifier: Apache-2.0

package xdpchain

import (
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// Programs of both kinds run in one chain where packets are small.
var _ = Table("xdpchain.frags.mixed", func(s *Session, first Object) {
	inNetwork(s, NativeMode, func(c *chain) {
		second := objects.XDPChain.Many
		if first.Name() == second.Name() {
			second = objects.XDPChain.ManyFrags
		}
		members := []*member{c.add(first, "a", c.place(0)), c.add(second, "b", c.place(0))}
		c.mustRun(members...)
		Expect(c.exchange(newFrame(0))).To(Equal(outcome{"near", "ab"}))
		s.MustRemoveFromChain(c.ifindex, members[0].id)
		c.mustRun(members[1])
		Expect(c.exchange(newFrame(0))).To(Equal(outcome{"near", "b"}))
	})
}, Entry("frags-first", Object(objects.XDPChain.ManyFrags)), Entry("frags-last", Object(objects.XDPChain.Many)))

// Where all programs take packets in several buffers, the chain does.
var _ = It("xdpchain.frags.all", func(s *Session) {
	atDevicesFor(s, large, NativeMode, func(c *chain) {
		c.mustRun(c.add(objects.XDPChain.ManyFrags, "a", c.place(0)))
		Expect(c.exchange(newFrame(0))).To(Equal(outcome{"near", "a"}))
		b := c.add(objects.XDPChain.ManyFrags, "b", c.place(0))
		Expect(c.exchange(newFrame(0))).To(Equal(outcome{"near", "ab"}))
		Expect(c.exchange(newFrame(0).answer('a', tx))).To(Equal(outcome{"far", "a"}))
		s.MustRemoveFromChain(c.ifindex, b.id)
		Expect(c.exchange(newFrame(0))).To(Equal(outcome{"near", "a"}))
	})
})

// With one program that does not, the chain does not either, and the device that is to take such
// packets refuses it. What ran there runs on.
var _ = It("xdpchain.frags.one-without", func(s *Session) {
	atDevicesFor(s, large, NativeMode, func(c *chain) {
		members := []*member{
			c.add(objects.XDPChain.ManyFrags, "a", c.place(0)),
			c.add(objects.XDPChain.ManyFrags, "c", c.place(0)),
		}
		main, before := s.XDP(c.ifindex), s.Kernel()
		Expect(s.Open(objects.XDPChain.Many).AddToChain("b", c.place(0))).To(BeRejected(AtAnyStage))
		c.mustBeAsBefore(main, "ac")
		c.mustRun(members...)
		Expect(s.Kernel()).To(HoldNothingBeyond(before))
	})
})

// Of linked chains both holds, too.
var _ = It("xdpchain.frags.linked", func(s *Session) {
	atDevicesFor(s, large, NativeMode, func(c *chain) {
		c.link(linkable{object: objects.XDPChain.LinkedFragsA, program: 'a'},
			linkable{object: objects.XDPChain.LinkedFragsB, program: 'b'})
		Expect(c.exchange(newFrame(0))).To(Equal(outcome{"near", "ab"}))
		Expect(c.exchange(newFrame(0).answer('a', tx))).To(Equal(outcome{"far", "a"}))
		main, before := s.XDP(c.ifindex), s.Kernel()
		Expect(c.tryLink(linkable{object: objects.XDPChain.LinkedFragsA, program: 'a'}, plain("b")[0])).
			To(BeRejected(AtAnyStage))
		c.mustBeAsBefore(main, "ab")
		Expect(s.Kernel()).To(HoldNothingBeyond(before))
	})
})
