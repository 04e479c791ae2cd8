// SPDX-License-Identifier: Apache-2.0

package xdpchain

import (
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"
	"github.com/loadstone-bpf/loadstone/oracle"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// inChain returns what a loader has to say of a member.
func (c *chain) inChain(m *member, priority, slot int, actions ...XDPAction) InChain {
	facts, err := oracle.Program(m.id)
	c.s.MustWork(err)
	return InChain{
		ID: m.id, Name: string(m.name), Tag: facts.Tag, Priority: priority, Actions: actions,
		Slot: slot,
	}
}

// What a loader says of a chain is what the kernel has, and what the user has said.
var _ = Table("xdpchain.list.chain", func(s *Session, mode XDPMode) {
	inNetwork(s, mode, func(c *chain) {
		b := c.add(objects.XDPChain.Many, "b", c.place(0))
		d := c.add(objects.XDPChain.Many, "d", c.place(20, Drop, TX))
		Expect(s.ListChain(c.ifindex)).To(Equal(Chain{
			Mode: mode, Dispatcher: s.XDP(c.ifindex).Program, Programs: []InChain{
				c.inChain(d, 20, 0, Drop, TX), c.inChain(b, 50, 1, Pass),
			},
		}))
		a := c.add(objects.XDPChain.ConfiguredPriority, "a", c.place(0))
		s.MustRemoveFromChain(c.ifindex, b.id)
		Expect(s.ListChain(c.ifindex).Programs).To(Equal([]InChain{
			c.inChain(a, 10, 0, Pass), c.inChain(d, 20, 1, Drop, TX),
		}))
	})
}, modes...)

var _ = It("xdpchain.list.one", func(s *Session) {
	inNetwork(s, NativeMode, func(c *chain) {
		a := c.add(objects.XDPChain.Many, "a", c.place(0))
		Expect(s.ListChain(c.ifindex).Programs).To(Equal([]InChain{c.inChain(a, 50, 0, Pass)}))
	})
})

// An interface that runs nothing, or a program without a chain, has none.
var _ = It("xdpchain.list.none", func(s *Session) {
	inNetwork(s, NativeMode, func(c *chain) {
		a := c.add(objects.XDPChain.Many, "a", c.place(0))
		Expect(s.ListChain(c.ifindex).Programs).To(HaveLen(1))
		s.MustRemoveFromChain(c.ifindex, a.id)
		Expect(s.ListChain(c.ifindex).Programs).To(BeEmpty())
		foreign := c.putForeign(NativeMode)
		defer foreign.Close()
		got := s.ListChain(c.ifindex)
		Expect(got.Programs).To(BeEmpty())
		Expect(got.Dispatcher).To(BeZero())
	})
})

// Another process of a loader lists what the first made.
var _ = It("xdpchain.list.later", func(s *Session) {
	inNetwork(s, NativeMode, func(c *chain) {
		a := c.add(objects.XDPChain.Many, "a", c.place(7, Pass, Redirect))
		s.Restart()
		Expect(s.ListChain(c.ifindex).Programs).To(Equal([]InChain{c.inChain(a, 7, 0, Pass, Redirect)}))
	})
})
