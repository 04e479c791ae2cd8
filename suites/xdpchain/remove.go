// SPDX-License-Identifier: Apache-2.0

package xdpchain

import (
	"strings"

	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"
	"github.com/loadstone-bpf/loadstone/oracle"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// Of three programs one is taken out, and the others stay what they are.
var _ = Table("xdpchain.remove.one", func(s *Session, name string) {
	inNetwork(s, NativeMode, func(c *chain) {
		members := c.addMany("abc")
		var stay []*member
		var gone *member
		for _, m := range members {
			if string(m.name) == name {
				gone = m
			} else {
				stay = append(stay, m)
			}
		}
		s.MustRemoveFromChain(c.ifindex, gone.id)
		c.mustRun(stay...)
		Expect(c.exchange(newFrame(0))).To(Equal(outcome{"near", strings.Replace("abc", name, "", 1)}))
		gone.Close()
		c.mustBeGone(gone.id)
	})
}, Entry("first", "a"), Entry("middle", "b"), Entry("last", "c"))

// With the last program the chain is gone, and nothing of it is left.
var _ = Table("xdpchain.remove.last", func(s *Session, mode XDPMode) {
	before := s.Kernel()
	inNetwork(s, mode, func(c *chain) {
		within := s.Kernel()
		m := c.add(objects.XDPChain.Many, "a", c.place(0))
		m.Close()
		s.MustRemoveFromChain(c.ifindex, m.id)
		Expect(s.XDP(c.ifindex)).To(Equal(oracle.XDPFacts{}))
		Expect(s.PinsIn(c.folder())).To(BeEmpty())
		Expect(s.Kernel()).To(HoldNothingBeyond(within))
		Expect(c.exchange(newFrame(0))).To(Equal(outcome{"near", ""}))
	})
	Expect(s.Kernel()).To(HoldNothingBeyond(before))
}, modes...)

var _ = Table("xdpchain.remove.all", func(s *Session, names string) {
	inNetwork(s, NativeMode, func(c *chain) {
		within := s.Kernel()
		for _, m := range c.addMany(names) {
			m.Close()
		}
		s.MustRemoveFromChain(c.ifindex, 0)
		Expect(s.XDP(c.ifindex)).To(Equal(oracle.XDPFacts{}))
		Expect(s.PinsIn(c.folder())).To(BeEmpty())
		Expect(s.Kernel()).To(HoldNothingBeyond(within))
		Expect(c.exchange(newFrame(0))).To(Equal(outcome{"near", ""}))
	})
}, Entry("one", "a"), Entry("two", "ab"), Entry("ten", "abcdefghij"))

// One after the other, until there is none, and begun again.
var _ = It("xdpchain.remove.each", func(s *Session) {
	inNetwork(s, NativeMode, func(c *chain) {
		for range 2 {
			members := c.addMany("abc")
			for len(members) > 0 {
				s.MustRemoveFromChain(c.ifindex, members[0].id)
				members[0].Close()
				members = members[1:]
				if len(members) > 0 {
					c.mustRun(members...)
				}
			}
			Expect(s.XDP(c.ifindex)).To(Equal(oracle.XDPFacts{}))
		}
		Expect(s.PinsIn(c.folder())).To(BeEmpty())
	})
})

// A program that is in no chain, or in that of another interface, is not found, and the chain stays
// as it was.
var _ = It("xdpchain.remove.unknown", func(s *Session) {
	inNetwork(s, NativeMode, func(c *chain) {
		m := c.add(objects.XDPChain.Many, "a", c.place(0))
		main := s.XDP(c.ifindex)
		Expect(s.RemoveFromChain(c.ifindex, 1<<31-1)).To(BeRejected(AtAttach, NotFound))
		c.mustBeAsBefore(main, "a")
		Expect(s.RemoveFromChain(c.ifindex, main.Program)).To(BeRejected(AtAttach, NotFound, Invalid))
		c.mustBeAsBefore(main, "a")
		c.mustRun(m)
	})
})

var _ = It("xdpchain.remove.nothing-there", func(s *Session) {
	inNetwork(s, NativeMode, func(c *chain) {
		c.add(objects.XDPChain.Many, "a", c.place(0))
		s.MustRemoveFromChain(c.ifindex, 0)
		Expect(s.RemoveFromChain(c.ifindex, 0)).To(BeRejected(AtAttach, NotFound))
		Expect(s.XDP(c.ifindex)).To(Equal(oracle.XDPFacts{}))
	})
})

// A chain stays when its loader has ended, and another process of the loader takes it apart.
var _ = It("xdpchain.remove.later", func(s *Session) {
	inNetwork(s, NativeMode, func(c *chain) {
		members := c.addMany("ab")
		main := s.XDP(c.ifindex)
		s.Restart()
		c.mustBeAsBefore(main, "ab")
		c.mustRun(members...)
		s.MustRemoveFromChain(c.ifindex, members[0].id)
		c.mustRun(members[1])
		more := c.add(objects.XDPChain.Many, "c", c.place(0))
		c.mustRun(members[1], more)
		s.MustRemoveFromChain(c.ifindex, 0)
		Expect(s.PinsIn(c.folder())).To(BeEmpty())
	})
})
