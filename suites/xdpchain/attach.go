// SPDX-License-Identifier: Apache-2.0

package xdpchain

import (
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/objects"
	"github.com/loadstone-bpf/loadstone/oracle"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// A way says how an interface is to run a program alone.
type way struct {
	by   loader.XDPWay
	mode XDPMode
}

// at returns the place of a program.
func (c *chain) at(of way) XDPPlace {
	return XDPPlace{Ifindex: c.ifindex, By: of.by, Mode: of.mode}
}

var ways = []Case[way]{
	Entry("link", way{ByLink, NativeMode}), Entry("link-skb", way{ByLink, SKBMode}),
	Entry("netlink", way{ByNetlink, NativeMode}), Entry("netlink-skb", way{ByNetlink, SKBMode}),
}

// mustRunAlone expects that the interface runs one program, in a mode, by a way.
func (c *chain) mustRunAlone(program uint32, of way) {
	facts := c.s.XDP(c.ifindex)
	Expect(facts.Program).To(Equal(program))
	Expect(facts.Mode).To(BeEquivalentTo(of.mode))
	Expect(facts.Link != 0).To(Equal(of.by == ByLink), "link %d", facts.Link)
}

// An interface runs a program in the mode and by the way that a user says, until it is detached.
var _ = Table("xdpchain.attach.runs", func(s *Session, of way) {
	atDevices(s, of.mode, func(c *chain) {
		loaded := s.MustLoad(objects.XDPChain.ConfiguredPriority)
		attached := loaded.MustAttachXDP("a", c.at(of))
		m := &member{id: loaded.ProgramID("a"), name: 'a'}
		c.mustRunAlone(m.id, of)
		Expect(c.exchange(newFrame(0))).To(Equal(outcome{"near", "a"}))
		Expect(c.exchange(newFrame(0).answer('a', tx))).To(Equal(outcome{"far", "a"}))
		Expect(m.seen(s)).To(BeEquivalentTo(4))
		attached.Detach()
		Expect(s.XDP(c.ifindex)).To(Equal(oracle.XDPFacts{}))
		Expect(c.exchange(newFrame(0))).To(Equal(outcome{"near", ""}))
	})
}, ways...)

// Where nothing is said of the way, the program runs.
var _ = It("xdpchain.attach.any-way", func(s *Session) {
	atDevices(s, NativeMode, func(c *chain) {
		loaded := s.MustLoad(objects.XDPChain.ConfiguredPriority)
		attached := loaded.MustAttachXDP("a", XDPPlace{Ifindex: c.ifindex})
		Expect(s.XDP(c.ifindex).Program).To(Equal(loaded.ProgramID("a")))
		attached.Detach()
		Expect(s.XDP(c.ifindex)).To(Equal(oracle.XDPFacts{}))
	})
})

// A program that netlink has put on an interface stays there without its loader.
var _ = It("xdpchain.attach.netlink-stays", func(s *Session) {
	atDevices(s, NativeMode, func(c *chain) {
		loaded := s.MustLoad(objects.XDPChain.ConfiguredPriority)
		loaded.MustAttachXDP("a", c.at(way{ByNetlink, NativeMode}))
		id := loaded.ProgramID("a")
		loaded.Close()
		s.Restart()
		c.mustRunAlone(id, way{ByNetlink, NativeMode})
		Expect(c.exchange(newFrame(0))).To(Equal(outcome{"near", "a"}))
	})
})

// A program that a link holds on an interface goes with the link.
var _ = It("xdpchain.attach.link-goes", func(s *Session) {
	atDevices(s, NativeMode, func(c *chain) {
		loaded := s.MustLoad(objects.XDPChain.ConfiguredPriority)
		loaded.MustAttachXDP("a", c.at(way{ByLink, NativeMode}))
		c.mustRunAlone(loaded.ProgramID("a"), way{ByLink, NativeMode})
		loaded.Close()
		s.Restart()
		Eventually(func() uint32 { return s.XDP(c.ifindex).Program }).
			WithTimeout(s.Patience(patience)).Should(BeZero())
	})
})

// Where an interface runs a program, no other takes its place unasked, whichever way either came.
type conflict struct{ first, second way }

var _ = Table("xdpchain.attach.occupied", func(s *Session, of conflict) {
	atDevices(s, NativeMode, func(c *chain) {
		loaded := s.MustLoad(objects.XDPChain.ConfiguredPriority)
		first := loaded.MustAttachXDP("a", c.at(of.first))
		main := s.XDP(c.ifindex)
		other := s.MustLoad(objects.XDPChain.ConfiguredLate)
		Expect(other.AttachXDP("a", c.at(of.second))).To(BeRejected(AtAttach, Busy, NameConflict))
		Expect(s.XDP(c.ifindex)).To(Equal(main))
		other.Close()
		Expect(s.XDP(c.ifindex)).To(Equal(main))
		first.Detach()
		Expect(s.XDP(c.ifindex)).To(Equal(oracle.XDPFacts{}))
	})
},
	Entry("link-then-link", conflict{way{ByLink, NativeMode}, way{ByLink, NativeMode}}),
	Entry("link-then-netlink", conflict{way{ByLink, NativeMode}, way{ByNetlink, NativeMode}}),
	Entry("netlink-then-link", conflict{way{ByNetlink, NativeMode}, way{ByLink, NativeMode}}),
	Entry("netlink-then-netlink", conflict{way{ByNetlink, NativeMode}, way{ByNetlink, NativeMode}}),
	Entry("native-then-skb", conflict{way{ByNetlink, NativeMode}, way{ByNetlink, SKBMode}}),
	Entry("skb-then-native", conflict{way{ByNetlink, SKBMode}, way{ByNetlink, NativeMode}}),
	Entry("link-skb-then-native", conflict{way{ByLink, SKBMode}, way{ByLink, NativeMode}}),
)

// loadTwo loads two programs, and pins them.
func (c *chain) loadTwo() (first, second *Attempt, firstPin, secondPin string) {
	first = c.s.MustLoad(objects.XDPChain.ConfiguredPriority)
	second = c.s.MustLoad(objects.XDPChain.ConfiguredLate)
	firstPin, secondPin = c.s.BPFFS()+"/first", c.s.BPFFS()+"/second"
	Expect(first.PinProgram("a", firstPin)).To(BeOK())
	Expect(second.PinProgram("a", secondPin)).To(BeOK())
	c.s.Keep("first", "second")
	return first, second, firstPin, secondPin
}

// A program takes the place of the one that a user expects there, and of no other.
var _ = Table("xdpchain.attach.replaced", func(s *Session, mode XDPMode) {
	atDevices(s, mode, func(c *chain) {
		first, second, firstPin, _ := c.loadTwo()
		by := way{ByNetlink, mode}
		first.MustAttachXDP("a", c.at(by))
		at := c.at(by)
		at.Replaces = firstPin
		attached := second.MustAttachXDP("a", at)
		c.mustRunAlone(second.ProgramID("a"), by)
		attached.Detach()
		Expect(s.XDP(c.ifindex)).To(Equal(oracle.XDPFacts{}))
	})
}, modes...)

var _ = Table("xdpchain.attach.other-expected", func(s *Session, mode XDPMode) {
	atDevices(s, mode, func(c *chain) {
		first, second, _, secondPin := c.loadTwo()
		by := way{ByNetlink, mode}
		first.MustAttachXDP("a", c.at(by))
		main := s.XDP(c.ifindex)
		at := c.at(by)
		at.Replaces = secondPin
		Expect(second.AttachXDP("a", at)).To(BeRejected(AtAttach, NameConflict, Busy, NotFound))
		Expect(s.XDP(c.ifindex)).To(Equal(main))
	})
}, modes...)

// Where a program is expected, and the interface runs none, nothing is attached.
var _ = It("xdpchain.attach.none-there", func(s *Session) {
	atDevices(s, NativeMode, func(c *chain) {
		_, second, firstPin, _ := c.loadTwo()
		at := c.at(way{ByNetlink, NativeMode})
		at.Replaces = firstPin
		Expect(second.AttachXDP("a", at)).To(BeRejected(AtAttach, NameConflict, Busy, NotFound))
		Expect(s.XDP(c.ifindex)).To(Equal(oracle.XDPFacts{}))
	})
})

// Who is not on the interface any more takes nothing off it.
var _ = It("xdpchain.attach.detached-by-the-wrong-one", func(s *Session) {
	atDevices(s, NativeMode, func(c *chain) {
		first, second, firstPin, _ := c.loadTwo()
		by := way{ByNetlink, NativeMode}
		old := first.MustAttachXDP("a", c.at(by))
		at := c.at(by)
		at.Replaces = firstPin
		second.MustAttachXDP("a", at)
		Expect(old.TryDetach()).To(BeRejected(AtAttach, NameConflict, Busy, NotFound))
		c.mustRunAlone(second.ProgramID("a"), by)
	})
})

// A mode that an interface does not have is refused, and no other takes its place.
var _ = It("xdpchain.attach.no-native", func(s *Session) {
	const loopback = 1
	loaded := s.MustLoad(objects.XDPChain.ConfiguredPriority)
	Expect(loaded.AttachXDP("a", XDPPlace{Ifindex: loopback, Mode: NativeMode})).
		To(BeRejected(AtAttach, NotSupported, Invalid))
	Expect(s.XDP(loopback)).To(Equal(oracle.XDPFacts{}))
})

// A program for maps of devices is not for a device.
var _ = It("xdpchain.attach.for-a-map", func(s *Session) {
	atDevices(s, NativeMode, func(c *chain) {
		s.Control(objects.XDPChain.ConfiguredPriority)
		loaded := s.MustLoad(objects.XDPChain.OddDevmap)
		Expect(loaded.AttachXDP("a", XDPPlace{Ifindex: c.ifindex})).To(BeRejected(AtAttach, Invalid))
		Expect(s.XDP(c.ifindex)).To(Equal(oracle.XDPFacts{}))
	})
})
