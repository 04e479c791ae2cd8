// SPDX-License-Identifier: Apache-2.0

package xdpchain

import (
	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/link"
	. "github.com/onsi/gomega"
	"golang.org/x/sys/unix"

	"github.com/loadstone-bpf/loadstone/objects"
	"github.com/loadstone-bpf/loadstone/suites/rtnetlink"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// callee returns an XDP program of the suite's own that answers with a verdict.
func callee(s *Session, verdict int32) *ebpf.Program {
	return calleeFor(s, ebpf.AttachNone, verdict)
}

// calleeFor returns such a program that says what it is to be attached to. Programs of one array
// agree in that (4540aed51b12, "bpf: Enforce expected_attach_type for tailcall compatibility"), and
// of an extension it is nothing.
func calleeFor(s *Session, attach ebpf.AttachType, verdict int32) *ebpf.Program {
	p, err := ebpf.NewProgram(&ebpf.ProgramSpec{
		Name: "callee", Type: ebpf.XDP, AttachType: attach, License: "GPL",
		Instructions: asm.Instructions{asm.Mov.Imm(asm.R0, verdict), asm.Return()},
	})
	s.MustWork(err)
	return p
}

// putForeign has the interface run a program without a chain, by netlink.
func (c *chain) putForeign(mode XDPMode) *ebpf.Program {
	p := callee(c.s, pass)
	flags := map[XDPMode]uint32{
		NativeMode: unix.XDP_FLAGS_DRV_MODE, SKBMode: unix.XDP_FLAGS_SKB_MODE,
	}[mode]
	c.s.MustWork(rtnetlink.SetXDP(c.ifindex, p.FD(), flags, -1))
	return p
}

// linkForeign has the interface run a program without a chain, by a link.
func (c *chain) linkForeign(mode XDPMode) *ebpf.Program {
	p := callee(c.s, pass)
	flags := map[XDPMode]link.XDPAttachFlags{
		NativeMode: link.XDPDriverMode, SKBMode: link.XDPGenericMode,
	}[mode]
	l, err := link.AttachXDP(link.XDPOptions{Program: p, Interface: c.ifindex, Flags: flags})
	c.s.MustWork(err)
	c.held = append(c.held, l)
	return p
}

// A foreign puts a program on the interface that no chain is made of.
type foreign struct {
	put  func(c *chain, mode XDPMode) *ebpf.Program
	mode XDPMode
}

// A program that another has put on the interface stays there, and no chain is made beside it.
var _ = Table("xdpchain.foreign.refused", func(s *Session, of foreign) {
	inNetwork(s, NativeMode, func(c *chain) {
		c.add(objects.XDPChain.Many, "a", c.place(0)).Close()
		s.MustRemoveFromChain(c.ifindex, 0)
		p := of.put(c, of.mode)
		defer p.Close()
		main, before := s.XDP(c.ifindex), s.Kernel()
		Expect(s.Open(objects.XDPChain.Many).AddToChain("a", c.place(0))).
			To(BeRejected(AtAnyStage, Busy, NameConflict))
		Expect(s.XDP(c.ifindex)).To(Equal(main))
		Expect(s.PinsIn(c.folder())).To(BeEmpty())
		Expect(s.Kernel()).To(HoldNothingBeyond(before))
		Expect(c.exchange(newFrame(0))).To(Equal(outcome{"near", ""}))
	})
},
	Entry("netlink", foreign{(*chain).putForeign, NativeMode}),
	Entry("netlink-skb", foreign{(*chain).putForeign, SKBMode}),
	Entry("link", foreign{(*chain).linkForeign, NativeMode}),
	Entry("link-skb", foreign{(*chain).linkForeign, SKBMode}),
)

// A program that is not of a chain is not removed as one of it.
var _ = It("xdpchain.foreign.not-removed", func(s *Session) {
	inNetwork(s, NativeMode, func(c *chain) {
		a := c.add(objects.XDPChain.Many, "a", c.place(0))
		a.Close()
		s.MustRemoveFromChain(c.ifindex, 0)
		p := c.putForeign(NativeMode)
		defer p.Close()
		main := s.XDP(c.ifindex)
		Expect(s.RemoveFromChain(c.ifindex, a.id)).To(BeRejected(AtAnyStage, NotFound, Busy))
		Expect(s.XDP(c.ifindex)).To(Equal(main))
	})
})
