// SPDX-License-Identifier: Apache-2.0

package xdpchain

import (
	"fmt"
	"slices"

	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"
	"github.com/loadstone-bpf/loadstone/oracle"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// letters holds objects of one program each, a to k, which can be linked with each other.
var letters = []Object{
	objects.XDPChain.LinkedA, objects.XDPChain.LinkedB, objects.XDPChain.LinkedC,
	objects.XDPChain.LinkedD, objects.XDPChain.LinkedE, objects.XDPChain.LinkedF,
	objects.XDPChain.LinkedG, objects.XDPChain.LinkedH, objects.XDPChain.LinkedI,
	objects.XDPChain.LinkedJ, objects.XDPChain.LinkedK,
}

// A linkable says which object has a program of a linked chain, and when it runs.
type linkable struct {
	object   Object
	program  byte
	priority int
	actions  []XDPAction
}

// plain returns programs by their letters, of which nothing is said.
func plain(names string) []linkable {
	var all []linkable
	for _, name := range names {
		all = append(all, linkable{object: letters[name-'a'], program: byte(name)})
	}
	return all
}

// open opens the objects.
func (c *chain) open(programs []linkable) []Part {
	var parts []Part
	for _, p := range programs {
		parts = append(parts, Part{
			Attempt: c.s.Open(p.object), Program: string(p.program), Priority: p.priority,
			Actions: p.actions,
		})
	}
	return parts
}

// tryLink asks for a linked chain, and closes the objects.
func (c *chain) tryLink(programs ...linkable) *Attempt {
	parts := c.open(programs)
	attempt := c.s.LinkChain(c.ifindex, c.mode, parts...)
	for _, p := range parts {
		p.Attempt.Close()
	}
	return attempt
}

// A linked describes a chain that is one program.
type linked struct {
	c  *chain
	id uint32
}

// link has the interface run a linked chain. A refusal ends the spec.
func (c *chain) link(programs ...linkable) *linked {
	parts := c.open(programs)
	l := &linked{c, c.s.MustLinkChain(c.ifindex, c.mode, parts...)}
	for _, p := range parts {
		p.Attempt.Close()
	}
	main := c.s.XDP(c.ifindex)
	Expect(main.Program).To(Equal(l.id), "the program of the interface")
	Expect(main.Mode).To(BeEquivalentTo(c.mode))
	return l
}

// seen returns how many frames of the suite a program of the chain has seen, by its own map.
func (l *linked) seen(name byte) uint64 {
	facts, err := oracle.Program(l.id)
	l.c.s.MustWork(err)
	for _, id := range facts.Maps {
		if used, err := oracle.Map(id); err == nil && used.Name == "seen_"+string(name) {
			value, err := oracle.Lookup(id, U32(uint32(name-'a')))
			l.c.s.MustWork(err)
			return Number64(value)
		}
	}
	l.c.s.MustWork(fmt.Errorf("program %d has no map seen_%c", l.id, name))
	return 0
}

// Programs of objects that are linked run one after the other, and are one program in the kernel.
var _ = Table("xdpchain.linked.runs", func(s *Session, mode XDPMode) {
	atDevices(s, mode, func(c *chain) {
		before := s.Kernel()
		l := c.link(plain("cab")...)
		Expect(c.exchange(newFrame(0))).To(Equal(outcome{"near", "abc"}))
		for _, name := range []byte("abc") {
			Expect(l.seen(name)).To(BeEquivalentTo(2), "frames that %c saw", name)
		}
		Expect(s.PinsIn(c.folder())).To(BeEmpty())
		s.MustRemoveFromChain(c.ifindex, 0)
		Expect(s.XDP(c.ifindex)).To(Equal(oracle.XDPFacts{}))
		Expect(c.exchange(newFrame(0))).To(Equal(outcome{"near", ""}))
		Expect(s.Kernel()).To(HoldNothingBeyond(before))
	})
}, modes...)

// The kernel knows one program, whose runs are those of all.
var _ = It("xdpchain.linked.one-program", func(s *Session) {
	atDevices(s, NativeMode, func(c *chain) {
		links := s.ExtensionLinks()
		before, err := oracle.Take("")
		s.MustWork(err)
		l := c.link(plain("abc")...)
		now, err := oracle.Take("")
		s.MustWork(err)
		var programs []uint32
		for _, made := range now.Beyond(before) {
			if made.Kind == oracle.KindProgram {
				programs = append(programs, made.ID)
			}
		}
		Expect(programs).To(Equal([]uint32{l.id}), "programs that the kernel has more")
		Expect(s.ExtensionLinks()).To(Equal(links))
		s.CountRuns()
		c.exchange(newFrame(0))
		runs, err := oracle.Runs(l.id)
		s.MustWork(err)
		Expect(runs).To(BeEquivalentTo(2), "runs of the program of the interface")
	})
})

// A program of an object that is not in the chain is left out.
var _ = It("xdpchain.linked.others-left-out", func(s *Session) {
	atDevices(s, NativeMode, func(c *chain) {
		l := c.link(linkable{object: objects.XDPChain.LinkedTwo, program: 'b'}, plain("a")[0])
		Expect(c.exchange(newFrame(0))).To(Equal(outcome{"near", "ab"}))
		Expect(l.seen('b')).To(BeEquivalentTo(2))
	})
})

// Programs run by priority, then by name, whichever object came first.
var _ = Table("xdpchain.linked.order", func(s *Session, of linkedOrder) {
	atDevices(s, NativeMode, func(c *chain) {
		c.link(of.programs...)
		Expect(c.exchange(newFrame(0))).To(Equal(outcome{"near", of.want}))
	})
},
	Entry("name", linkedOrder{plain("dbca"), "abcd"}),
	Entry("priority", linkedOrder{[]linkable{
		{objects.XDPChain.LinkedA, 'a', 60, nil}, {objects.XDPChain.LinkedB, 'b', 40, nil},
		{objects.XDPChain.LinkedC, 'c', 0, nil},
	}, "bca"}),
	Entry("configured", linkedOrder{[]linkable{
		{objects.XDPChain.LinkedA, 'a', 0, nil}, {objects.XDPChain.LinkedConfigured, 'b', 0, nil},
	}, "ba"}),
	Entry("given-wins", linkedOrder{[]linkable{
		{objects.XDPChain.LinkedA, 'a', 0, nil}, {objects.XDPChain.LinkedConfigured, 'b', 90, nil},
	}, "ab"}),
)

// A linkedOrder says in which order programs run that are linked in another.
type linkedOrder struct {
	programs []linkable
	want     string
}

// inSteps returns programs a and b, and says of a after which of its answers b runs.
func inSteps(actions ...XDPAction) []linkable {
	return []linkable{
		{objects.XDPChain.LinkedA, 'a', 0, actions}, {objects.XDPChain.LinkedB, 'b', 0, nil},
	}
}

var _ = Table("xdpchain.linked.continues", func(s *Session, v XDPAction) {
	atDevices(s, NativeMode, func(c *chain) {
		l := c.link(inSteps(v)...)
		Expect(c.exchange(newFrame(0).answer('a', verdicts[v]))).To(Equal(outcome{"near", "ab"}))
		Expect(l.seen('b')).To(BeNumerically(">", 0))
	})
}, verdictCases()...)

var _ = Table("xdpchain.linked.stops", func(s *Session, v XDPAction) {
	atDevices(s, NativeMode, func(c *chain) {
		l := c.link(inSteps(without(v)...)...)
		c.exchange(newFrame(0).answer('a', verdicts[v]))
		before := l.seen('b')
		Expect(c.exchange(newFrame(0).answer('a', verdicts[v]))).To(Equal(becomes(v, "a")))
		passed := uint64(0) // by the frame that follows the one that matters
		if v != Pass {
			passed = 1
		}
		Expect(l.seen('b') - before).To(Equal(passed))
	})
}, verdictCases()...)

// Where nothing is said of it, a chain goes on after pass alone; where the object says something,
// after that.
var _ = Table("xdpchain.linked.default", func(s *Session, of configured) {
	atDevices(s, NativeMode, func(c *chain) {
		c.link(linkable{object: of.object, program: 'b'}, plain("c")[0])
		for _, v := range all {
			want := becomes(v, "b")
			if slices.Contains(of.actions, v) {
				want = outcome{"near", "bc"}
			}
			Expect(c.exchange(newFrame(0).answer('b', verdicts[v]))).To(Equal(want), "answer %s", v)
		}
	})
},
	Entry("said-nothing", configured{objects.XDPChain.LinkedB, []XDPAction{Pass}}),
	Entry("configured", configured{objects.XDPChain.LinkedConfigured, []XDPAction{Drop, Pass}}),
)

// The last program answers for the chain, unless the chain would go on after it.
var _ = Table("xdpchain.linked.last", func(s *Session, v XDPAction) {
	atDevices(s, NativeMode, func(c *chain) {
		c.link(plain("a")[0], linkable{objects.XDPChain.LinkedB, 'b', 0, []XDPAction{Drop}})
		want := becomes(v, "ab")
		if v == Drop {
			want = outcome{"near", "ab"}
		}
		Expect(c.exchange(newFrame(0).answer('b', verdicts[v]))).To(Equal(want))
	})
}, verdictCases()...)

// A chain goes on after 31, the answer of a slot without a program, whatever its actions are; a
// number that is no verdict ends it, and the kernel drops the packet.
var _ = Table("xdpchain.linked.other-number", func(s *Session, number byte) {
	atDevices(s, NativeMode, func(c *chain) {
		c.link(inSteps(Drop)...)
		want := outcome{}
		if number == noProgram {
			want = outcome{"near", "ab"}
		}
		Expect(c.exchange(newFrame(0).answer('a', drop))).To(Equal(outcome{"near", "ab"}))
		Expect(c.exchange(newFrame(0).answer('a', number))).To(Equal(want))
	})
}, Entry("none", byte(noProgram)), Entry("unknown", byte(7)))

// noProgram holds what a slot answers that no program is in.
const noProgram = 31
