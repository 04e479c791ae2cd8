// SPDX-License-Identifier: Apache-2.0

package xdpchain

import (
	"github.com/cilium/ebpf"
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"
	"github.com/loadstone-bpf/loadstone/objects/elfedit"
	"github.com/loadstone-bpf/loadstone/oracle"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

var _ = It("xdpchain.linked.ten", func(s *Session) {
	atDevices(s, NativeMode, func(c *chain) {
		c.link(plain(slots)...)
		Expect(c.exchange(newFrame(0))).To(Equal(outcome{"near", slots}))
		Expect(c.exchange(newFrame(0).answer('e', tx))).To(Equal(outcome{"far", "abcde"}))
	})
})

// An eleventh is refused, or runs.
var _ = It("xdpchain.linked.eleven", func(s *Session) {
	atDevices(s, NativeMode, func(c *chain) {
		c.link(plain("a")...)
		main, before := s.XDP(c.ifindex), s.Kernel()
		more := c.tryLink(plain(slots + "k")...)
		if more.OK() {
			Expect(c.exchange(newFrame(0))).To(Equal(outcome{"near", slots + "k"}))
			return
		}
		Expect(more).To(BeRejected(AtAnyStage, Limit))
		c.mustBeAsBefore(main, "a")
		Expect(s.Kernel()).To(HoldNothingBeyond(before))
	})
})

// Another linked chain takes the place of the first, of which nothing is left.
var _ = Table("xdpchain.linked.replaced", func(s *Session, mode XDPMode) {
	atDevices(s, mode, func(c *chain) {
		old := c.link(plain("ab")...)
		fresh := c.link(plain("bc")...)
		Expect(fresh.id).NotTo(Equal(old.id))
		Expect(c.exchange(newFrame(0))).To(Equal(outcome{"near", "bc"}))
		c.mustBeGone(old.id)
	})
}, modes...)

// While another takes the place of a linked chain every frame meets one of the two.
var _ = It("xdpchain.linked.uninterrupted", func(s *Session) {
	atDevices(s, NativeMode, func(c *chain) {
		c.link(plain("ab")...)
		c.changeUnderTraffic(func() { c.link(plain("ac")...) }, "ab", "ac")
	})
})

// An interface keeps a linked chain when its loader has ended, and another process takes it off.
var _ = It("xdpchain.linked.stays", func(s *Session) {
	atDevices(s, NativeMode, func(c *chain) {
		before := s.Kernel()
		c.link(plain("ab")...)
		main := s.XDP(c.ifindex)
		s.Restart()
		c.mustBeAsBefore(main, "ab")
		s.MustRemoveFromChain(c.ifindex, 0)
		Expect(s.XDP(c.ifindex)).To(Equal(oracle.XDPFacts{}))
		Expect(s.Kernel()).To(HoldNothingBeyond(before))
	})
})

// A loader names the programs of a linked chain, though the kernel does not know them.
var _ = It("xdpchain.linked.listed", func(s *Session) {
	atDevices(s, NativeMode, func(c *chain) {
		l := c.link(plain("b")[0], linkable{objects.XDPChain.LinkedA, 'a', 70, []XDPAction{Drop, TX}})
		s.Restart()
		Expect(s.ListChain(c.ifindex)).To(Equal(Chain{
			Mode: NativeMode, Dispatcher: l.id, Programs: []InChain{
				{Name: "b", Priority: 50, Actions: []XDPAction{Pass}},
				{Name: "a", Priority: 70, Actions: []XDPAction{Drop, TX}, Slot: 1},
			},
		}))
	})
})

// What can not be linked is refused, and the interface runs the chain that it ran.
var _ = Table("xdpchain.linked.refused", func(s *Session, of unlinkable) {
	atDevices(s, NativeMode, func(c *chain) {
		c.link(plain("ab")...)
		main, before := s.XDP(c.ifindex), s.Kernel()
		Expect(c.tryLink(of.programs...)).To(BeRejected(of.stage, of.class))
		c.mustBeAsBefore(main, "ab")
		Expect(s.Kernel()).To(HoldNothingBeyond(before))
	})
},
	Entry("same-twice", unlinkable{plain("aa"), AtLink, Invalid}),
	Entry("same-function", unlinkable{[]linkable{
		plain("a")[0], {object: objects.XDPChain.ConfiguredPriority, program: 'a'},
	}, AtLink, Invalid}),
	Entry("same-map", unlinkable{[]linkable{
		plain("a")[0], {object: objects.XDPChain.LinkedSameMap, program: 'b'},
	}, AtLink, Invalid}),
	Entry("other-licence", unlinkable{[]linkable{
		plain("a")[0], {object: objects.XDPChain.LinkedB.With(
			elfedit.SetBytes("license", len("Dual "), []byte("MIT")...)), program: 'b'},
	}, AtLink, Invalid}),
	Entry("no-such-program", unlinkable{[]linkable{
		plain("a")[0], {object: objects.XDPChain.LinkedB, program: 'c'},
	}, AtAnyStage, NotFound}),
	Entry("not-xdp", unlinkable{[]linkable{
		plain("b")[0], {object: objects.XDPChain.BareSocket, program: 'a'},
	}, AtAnyStage, Invalid}),
)

// An unlinkable describes a chain that cannot be linked, with the refusal.
type unlinkable struct {
	programs []linkable
	stage    Stage
	class    Class
}

// Dispatcher and program share the stack, where half of it is left for a program at least, and the
// depth of calls: a program that uses all of that by itself is refused, or runs where the kernel
// has more, as 7.3 does.
var _ = It("xdpchain.linked.stack", func(s *Session) {
	s.Control(objects.XDPChain.LinkedDeep)
	atDevices(s, NativeMode, func(c *chain) {
		c.link(plain("a")[0], linkable{object: objects.XDPChain.LinkedSmallStack, program: 'b'})
		Expect(c.exchange(newFrame(0))).To(Equal(outcome{"near", "ab"}))
		deep := c.tryLink(linkable{object: objects.XDPChain.LinkedDeep, program: 'b'})
		if deep.OK() {
			Expect(c.exchange(newFrame(0))).To(Equal(outcome{"near", "b"}))
			return
		}
		Expect(deep).To(BeRejected(AtVerify, Verifier))
		Expect(c.exchange(newFrame(0))).To(Equal(outcome{"near", "ab"}))
	})
})

// What is there in another way is left alone by a linked chain.
var _ = Table("xdpchain.linked.not-over-others", func(s *Session, of foreign) {
	atDevices(s, NativeMode, func(c *chain) {
		c.link(plain("a")...)
		s.MustRemoveFromChain(c.ifindex, 0)
		p := of.put(c, of.mode)
		defer p.Close()
		main, before := s.XDP(c.ifindex), s.Kernel()
		Expect(c.tryLink(plain("a")...)).To(BeRejected(AtAnyStage, Busy, NameConflict))
		c.mustBeAsBefore(main, "")
		Expect(s.Kernel()).To(HoldNothingBeyond(before))
	})
},
	Entry("netlink", foreign{(*chain).putForeign, NativeMode}),
	Entry("netlink-skb", foreign{(*chain).putForeign, SKBMode}),
	Entry("link", foreign{(*chain).linkForeign, NativeMode}),
)

// A chain is linked, or programs are added to it: neither takes the place of the other.
var _ = It("xdpchain.linked.beside-added", func(s *Session) {
	inNetwork(s, NativeMode, func(c *chain) {
		c.add(objects.XDPChain.Many, "d", c.place(0)).Close()
		main := s.XDP(c.ifindex)
		Expect(c.tryLink(plain("ab")...)).To(BeRejected(AtAnyStage, Busy))
		c.mustBeAsBefore(main, "d")
		s.MustRemoveFromChain(c.ifindex, 0)

		c.link(plain("ab")...)
		main = s.XDP(c.ifindex)
		Expect(s.Open(objects.XDPChain.Many).AddToChain("d", c.place(0))).To(BeRejected(AtAnyStage, Busy))
		Expect(s.RemoveFromChain(c.ifindex, main.Program)).To(BeRejected(AtAnyStage, Busy, NotFound))
		c.mustBeAsBefore(main, "ab")
	})
})

// The other mode is refused.
var _ = It("xdpchain.linked.other-mode", func(s *Session) {
	atDevices(s, SKBMode, func(c *chain) {
		c.link(plain("a")...)
		main := s.XDP(c.ifindex)
		c.mode = NativeMode
		Expect(c.tryLink(plain("b")...)).To(BeRejected(AtAnyStage, Busy, NameConflict))
		c.mustBeAsBefore(main, "a")
	})
})

// nextOf returns the array of programs that a linked chain makes tail calls into.
func (l *linked) nextOf() *ebpf.Map {
	m := &member{id: l.id}
	return m.mapOf(l.c.s, "next")
}

// What a program of a linked chain calls by a tail call answers for it.
var _ = Table("xdpchain.linked.tail-call", func(s *Session, v XDPAction) {
	atDevices(s, NativeMode, func(c *chain) {
		l := c.link(plain("a")[0], linkable{object: objects.XDPChain.LinkedTail, program: 'b'},
			plain("c")[0])
		Expect(c.exchange(newFrame(0))).To(Equal(outcome{"near", "abc"}))
		next := l.nextOf()
		defer next.Close()
		called := calleeFor(s, ebpf.AttachXDP, int32(verdicts[v]))
		defer called.Close()
		s.MustWork(next.Put(uint32(0), called))
		f := newFrame(7).answer('b', tx)
		if v == Pass {
			f = newFrame(7).answer('b', drop)
		}
		s.MustWork(c.send(f))
		want := becomes(v, "ab")
		if v == Pass {
			want = outcome{"near", "abc"}
		}
		Expect(c.received(7)).To(Equal(want))
	})
}, Entry("pass", Pass), Entry("tx", TX))
