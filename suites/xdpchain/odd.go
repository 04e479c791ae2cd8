// SPDX-License-Identifier: Apache-2.0

package xdpchain

import (
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"
	"github.com/loadstone-bpf/loadstone/objects/elfedit"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// An odd names a program that no chain takes, and why.
type odd struct {
	object  Object
	program string
	classes []Class
}

// refuses expects that a program is refused, that the chain stays as it was, and that nothing of
// the program stays.
func (c *chain) refuses(of odd) {
	b := c.add(objects.XDPChain.Many, "b", c.place(0))
	d := c.add(objects.XDPChain.Many, "d", c.place(0))
	main, before := c.s.XDP(c.ifindex), c.s.Kernel()
	Expect(c.s.Open(of.object).AddToChain(of.program, c.place(0))).
		To(BeRejected(AtAnyStage, of.classes...))
	c.mustBeAsBefore(main, "bd")
	c.mustRun(b, d)
	Expect(c.s.Kernel()).To(HoldNothingBeyond(before))
}

var _ = Table("xdpchain.program.refused", func(s *Session, of odd) {
	inNetwork(s, NativeMode, func(c *chain) { c.refuses(of) })
},
	Entry("no-xdp", odd{objects.XDPChain.BareSocket, "a", nil}),
	Entry("no-such-program", odd{objects.XDPChain.Many, "z", []Class{NotFound, Invalid}}),
	Entry("endless", odd{objects.XDPChain.OddEndless, "a", []Class{Verifier, Invalid, Permission}}),
	Entry("two-arguments", odd{objects.XDPChain.OddTwoArguments, "a", []Class{Verifier, Invalid}}),
	Entry("number", odd{objects.XDPChain.OddNumber, "a", []Class{Verifier, Invalid}}),
	Entry("other-context", odd{objects.XDPChain.OddOtherContext, "a", []Class{Verifier, Invalid}}),
	Entry("without-btf", odd{objects.XDPChain.Bare.With(elfedit.DropSection(".BTF")), "a",
		[]Class{BTFMissing, Invalid, NotSupported, NotFound, Busy}}),
	Entry("static", odd{objects.XDPChain.OddStatic, "a", []Class{Invalid, NotSupported}}),
	Entry("for-a-map", odd{objects.XDPChain.OddDevmap, "a", []Class{Invalid, Verifier, NotSupported}}),
)

// The first program of a chain is refused as any other, and the interface runs nothing then.
var _ = Table("xdpchain.program.first-refused", func(s *Session, of odd) {
	inNetwork(s, NativeMode, func(c *chain) {
		c.add(objects.XDPChain.Many, "b", c.place(0)).Close()
		s.MustRemoveFromChain(c.ifindex, 0)
		before := s.Kernel()
		Expect(s.Open(of.object).AddToChain(of.program, c.place(0))).
			To(BeRejected(AtAnyStage, of.classes...))
		Expect(s.XDP(c.ifindex).Program).To(BeZero())
		Expect(s.PinsIn(c.folder())).To(BeEmpty())
		Expect(s.Kernel()).To(HoldNothingBeyond(before))
	})
},
	Entry("two-arguments", odd{objects.XDPChain.OddTwoArguments, "a", []Class{Verifier, Invalid}}),
	Entry("endless", odd{objects.XDPChain.OddEndless, "a", []Class{Verifier, Invalid, Permission}}),
	Entry("no-xdp", odd{objects.XDPChain.BareSocket, "a", nil}),
)

// A run configuration is refused that says what the loader does not know, or says it in a way that
// has no number.
var _ = Table("xdpchain.program.configuration-refused", func(s *Session, o Object) {
	inNetwork(s, NativeMode, func(c *chain) {
		c.refuses(odd{o, "a", []Class{NotSupported, Invalid, MalformedBTF}})
	})
},
	Entry("unknown-field", Object(objects.XDPChain.ConfiguredUnknown)),
	Entry("no-number", Object(objects.XDPChain.ConfiguredType)),
)

// A program that is not as most are runs in a chain as any other.
var _ = Table("xdpchain.program.runs", func(s *Session, o Object) {
	inNetwork(s, NativeMode, func(c *chain) {
		a := c.add(o, "a", c.place(10))
		b := c.add(objects.XDPChain.Many, "b", c.place(20))
		c.mustRun(a, b)
		Expect(c.exchange(newFrame(0))).To(Equal(outcome{"near", "ab"}))
		Expect(c.exchange(newFrame(0).answer('a', tx))).To(Equal(outcome{"far", "a"}))
	})
},
	Entry("subprogram", Object(objects.XDPChain.OddSubprogram)),
)

// The kernel cuts names; the order is that of the whole ones.
var _ = It("xdpchain.program.long-name", func(s *Session) {
	const long = "a_name_of_more_than_fifteen"
	inNetwork(s, NativeMode, func(c *chain) {
		c.add(objects.XDPChain.Many, "b", c.place(0))
		m := c.add(objects.XDPChain.OddName, long, c.place(0))
		Expect(c.exchange(newFrame(0))).To(Equal(outcome{"near", "ab"}))
		s.MustRemoveFromChain(c.ifindex, m.id)
		Expect(c.exchange(newFrame(0))).To(Equal(outcome{"near", "b"}))
	})
})
