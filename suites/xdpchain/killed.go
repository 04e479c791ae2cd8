// SPDX-License-Identifier: Apache-2.0

package xdpchain

import (
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// A killing says in the midst of what a loader is killed: at its first call of bpf(2), or at one so
// many tenths of the way to the last.
type killing struct {
	work   func(c *chain, members []*member)
	tenths uint64
	marks  []string // of a frame, before or after
}

func adds(c *chain, _ []*member) {
	c.s.Open(objects.XDPChain.Many).AddToChain("c", c.place(0))
}

func takesOne(c *chain, members []*member) { c.s.RemoveFromChain(c.ifindex, members[0].id) }

func takesApart(c *chain, _ []*member) { c.s.RemoveFromChain(c.ifindex, 0) }

// killedIn has a loader killed at a call of bpf(2) of a change to a chain of a and b, at none if it
// is 0. A loader that survives has taken the chain apart in the end. It returns how many calls the
// change took so far.
func (c *chain) killedIn(
	work func(c *chain, members []*member), at uint64,
) (calls uint64, survives bool) {
	members := c.addMany("ab")
	calls, survives = c.s.KilledAt(at, func() { work(c, members) })
	if !survives {
		return calls, false
	}
	Expect(calls).To(BeNumerically(">", 1), "calls of bpf(2)")
	if c.s.XDP(c.ifindex).Program != 0 {
		c.s.MustRemoveFromChain(c.ifindex, 0)
	}
	c.s.Restart()
	return calls, true
}

// mustDie has a loader killed so many tenths of the way through a change that takes so many calls.
// That was counted before, and a change may take fewer the next time: a loader that looks at all
// links or programs of the kernel meets those of others too, some of which have gone since. One
// that survives for that is killed at its last call the time after.
func (c *chain) mustDie(of killing, calls uint64) {
	for at := max(1, min(calls, calls*of.tenths/10)); ; at = calls {
		var survives bool
		if calls, survives = c.killedIn(of.work, at); !survives {
			return
		}
		Expect(calls).To(BeNumerically("<", at), "calls of bpf(2) of one that survived call %d", at)
	}
}

// A loader that is killed in the midst of a change leaves the chain that was, or the one that was
// to be. After a clean another process takes it apart, and makes a chain anew; nothing is left.
var _ = Table("xdpchain.killed.in-the-midst", func(s *Session, of killing) {
	inNetwork(s, NativeMode, func(c *chain) {
		before := s.Kernel()
		calls, survives := c.killedIn(of.work, 0)
		Expect(survives).To(BeTrue())
		Expect(s.Kernel()).To(HoldNothingBeyond(before))

		c.mustDie(of, calls)
		Expect(of.marks).To(ContainElement(c.exchange(newFrame(0)).marks))

		Expect(s.CleanChain(c.ifindex)).To(BeOK())
		Expect(of.marks).To(ContainElement(c.exchange(newFrame(0)).marks))
		if s.XDP(c.ifindex).Program != 0 {
			s.MustRemoveFromChain(c.ifindex, 0)
		}
		Expect(s.CleanChain(c.ifindex)).To(BeOK())
		Expect(s.PinsIn(c.folder())).To(BeEmpty())
		again := c.addMany("ab")
		c.mustRun(again...)
		Expect(c.exchange(newFrame(0))).To(Equal(outcome{"near", "ab"}))
		s.MustRemoveFromChain(c.ifindex, 0)
		s.Restart()
		Expect(s.Kernel()).To(HoldNothingBeyond(before))
	})
},
	Entry("add-first-call", killing{adds, 0, []string{"ab", "abc"}}),
	Entry("add-early", killing{adds, 3, []string{"ab", "abc"}}),
	Entry("add-half", killing{adds, 5, []string{"ab", "abc"}}),
	Entry("add-late", killing{adds, 8, []string{"ab", "abc"}}),
	Entry("add-last-call", killing{adds, 10, []string{"ab", "abc"}}),
	Entry("remove-first-call", killing{takesOne, 0, []string{"ab", "b"}}),
	Entry("remove-half", killing{takesOne, 5, []string{"ab", "b"}}),
	Entry("remove-late", killing{takesOne, 8, []string{"ab", "b"}}),
	Entry("remove-last-call", killing{takesOne, 10, []string{"ab", "b"}}),
	Entry("take-apart-half", killing{takesApart, 5, []string{"ab", ""}}),
	Entry("take-apart-last-call", killing{takesApart, 10, []string{"ab", ""}}),
)

// What an interface runs, a clean leaves as it is.
var _ = It("xdpchain.clean.running-stays", func(s *Session) {
	inNetwork(s, NativeMode, func(c *chain) {
		members := c.addMany("ab")
		main := s.XDP(c.ifindex)
		pins := s.PinsIn(c.dispatcherFolder(main.Program))
		Expect(s.CleanChain(c.ifindex)).To(BeOK())
		c.mustBeAsBefore(main, "ab")
		c.mustRun(members...)
		Expect(s.PinsIn(c.dispatcherFolder(main.Program))).To(Equal(pins))
	})
})
