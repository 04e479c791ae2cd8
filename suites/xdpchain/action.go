// SPDX-License-Identifier: Apache-2.0

package xdpchain

import (
	"slices"

	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// all holds what an XDP program can answer, by the words of the protocol.
var all = []XDPAction{Aborted, Drop, Pass, TX, Redirect}

// verdictCases has a spec for every verdict.
func verdictCases() []Case[XDPAction] {
	var cases []Case[XDPAction]
	for _, v := range all {
		cases = append(cases, Entry(string(v), v))
	}
	return cases
}

// becomes says what becomes of a frame whose verdict is the chain's.
func becomes(v XDPAction, marks string) outcome {
	switch v {
	case Pass:
		return outcome{"near", marks}
	case TX, Redirect:
		return outcome{"far", marks}
	}
	return outcome{}
}

// without returns all verdicts but one.
func without(v XDPAction) []XDPAction {
	return slices.DeleteFunc(slices.Clone(all), func(other XDPAction) bool { return other == v })
}

// mustContinue expects that after a verdict of the first program the second runs.
func (c *chain) mustContinue(v XDPAction, actions ...XDPAction) {
	c.add(objects.XDPChain.Many, "a", c.place(10, actions...))
	second := c.add(objects.XDPChain.Many, "b", c.place(20))
	before := second.seen(c.s)
	Expect(c.exchange(newFrame(0).answer('a', verdicts[v]))).To(Equal(outcome{"near", "ab"}))
	Expect(second.seen(c.s) - before).To(BeNumerically(">", 0))
}

// mustStop expects that the verdict of the first program is the chain's.
func (c *chain) mustStop(v XDPAction, actions ...XDPAction) {
	first := c.add(objects.XDPChain.Many, "a", c.place(10, actions...))
	second := c.add(objects.XDPChain.Many, "b", c.place(20))
	passed := uint64(0) // by the frame that follows the one that matters
	if slices.Contains(actions, Pass) {
		passed = 1
	}
	Expect(c.exchange(newFrame(0).answer('a', verdicts[v]))).To(Equal(becomes(v, "a")))
	Expect(first.seen(c.s)).To(BeEquivalentTo(2))
	Expect(second.seen(c.s)).To(Equal(passed))
}

var _ = Table("xdpchain.action.continues", func(s *Session, v XDPAction) {
	inNetwork(s, NativeMode, func(c *chain) { c.mustContinue(v, v) })
}, verdictCases()...)

var _ = Table("xdpchain.action.continues-skb", func(s *Session, v XDPAction) {
	inNetwork(s, SKBMode, func(c *chain) { c.mustContinue(v, v) })
}, verdictCases()...)

var _ = Table("xdpchain.action.stops", func(s *Session, v XDPAction) {
	inNetwork(s, NativeMode, func(c *chain) { c.mustStop(v, without(v)...) })
}, verdictCases()...)

var _ = Table("xdpchain.action.stops-skb", func(s *Session, v XDPAction) {
	inNetwork(s, SKBMode, func(c *chain) { c.mustStop(v, without(v)...) })
}, verdictCases()...)

// Several actions continue, each by itself, and others stop.
var _ = Table("xdpchain.action.several", func(s *Session, actions []XDPAction) {
	inNetwork(s, NativeMode, func(c *chain) {
		c.add(objects.XDPChain.Many, "a", c.place(10, actions...))
		c.add(objects.XDPChain.Many, "b", c.place(20))
		for _, v := range all {
			want := becomes(v, "a")
			if slices.Contains(actions, v) {
				want = outcome{"near", "ab"}
			}
			Expect(c.exchange(newFrame(0).answer('a', verdicts[v]))).To(Equal(want), "answer %s", v)
		}
	})
},
	Entry("aborted-drop", []XDPAction{Aborted, Drop}),
	Entry("pass-tx", []XDPAction{Pass, TX}),
	Entry("drop-redirect", []XDPAction{Redirect, Drop}),
	Entry("all", all),
)

// Where nothing is said of it, a chain goes on after pass alone.
var _ = Table("xdpchain.action.default", func(s *Session, v XDPAction) {
	inNetwork(s, NativeMode, func(c *chain) {
		if v == Pass {
			c.mustContinue(v)
			return
		}
		c.add(objects.XDPChain.Many, "a", c.place(10))
		c.add(objects.XDPChain.Many, "b", c.place(20))
		Expect(c.exchange(newFrame(0).answer('a', verdicts[v]))).To(Equal(becomes(v, "a")))
	})
}, verdictCases()...)

// The last program's verdict is the chain's, unless the chain would go on after it: it has passed
// then.
var _ = Table("xdpchain.action.last", func(s *Session, v XDPAction) {
	inNetwork(s, NativeMode, func(c *chain) {
		c.add(objects.XDPChain.Many, "a", c.place(10))
		c.add(objects.XDPChain.Many, "b", c.place(20, Drop))
		want := becomes(v, "ab")
		if v == Drop {
			want = outcome{"near", "ab"}
		}
		Expect(c.exchange(newFrame(0).answer('b', verdicts[v]))).To(Equal(want))
	})
}, verdictCases()...)

// A program alone in a chain answers for it.
var _ = Table("xdpchain.action.alone", func(s *Session, v XDPAction) {
	inNetwork(s, NativeMode, func(c *chain) {
		c.add(objects.XDPChain.Many, "a", c.place(0))
		Expect(c.exchange(newFrame(0).answer('a', verdicts[v]))).To(Equal(becomes(v, "a")))
	})
}, verdictCases()...)

// A configured names an object that says after which answers of its program the next runs.
type configured struct {
	object  Object
	actions []XDPAction
}

var _ = Table("xdpchain.action.configured", func(s *Session, of configured) {
	inNetwork(s, NativeMode, func(c *chain) {
		c.add(of.object, "a", c.place(0))
		c.add(objects.XDPChain.Many, "b", c.place(90))
		for _, v := range all {
			want := becomes(v, "a")
			if slices.Contains(of.actions, v) {
				want = outcome{"near", "ab"}
			}
			Expect(c.exchange(newFrame(0).answer('a', verdicts[v]))).To(Equal(want), "answer %s", v)
		}
	})
},
	Entry("priority-only", configured{objects.XDPChain.ConfiguredPriority, []XDPAction{Pass}}),
	Entry("all", configured{objects.XDPChain.ConfiguredAll, all}),
	Entry("one-more", configured{objects.XDPChain.ConfiguredDrop, []XDPAction{Drop, Pass}}),
	Entry("none", configured{objects.XDPChain.ConfiguredNone, nil}),
)

var _ = It("xdpchain.action.given-wins", func(s *Session) {
	inNetwork(s, NativeMode, func(c *chain) {
		c.add(objects.XDPChain.ConfiguredAll, "a", c.place(10, TX))
		c.add(objects.XDPChain.Many, "b", c.place(20))
		Expect(c.exchange(newFrame(0).answer('a', drop))).To(Equal(outcome{}))
		Expect(c.exchange(newFrame(0).answer('a', tx))).To(Equal(outcome{"near", "ab"}))
	})
})
