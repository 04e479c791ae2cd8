// SPDX-License-Identifier: Apache-2.0

package xdpchain

import (
	"errors"

	"github.com/cilium/ebpf"
	. "github.com/onsi/gomega"
	"golang.org/x/sys/unix"

	"github.com/loadstone-bpf/loadstone/objects"
	"github.com/loadstone-bpf/loadstone/oracle"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// mapOf returns a map of a program by its name, to be closed.
func (m *member) mapOf(s *Session, name string) *ebpf.Map {
	facts, err := oracle.Program(m.id)
	s.MustWork(err)
	for _, id := range facts.Maps {
		found, err := ebpf.NewMapFromID(ebpf.MapID(id))
		s.MustWork(err)
		info, err := found.Info()
		s.MustWork(err)
		if info.Name == name {
			return found
		}
		s.MustWork(found.Close())
	}
	s.MustWork(errors.New("no map " + name))
	return nil
}

// What a program calls by a tail call answers for it, and the chain goes on from there as from the
// program.
var _ = Table("xdpchain.tail-call.answers", func(s *Session, v XDPAction) {
	s.NeedsTailCallsInChains()
	inNetwork(s, NativeMode, func(c *chain) {
		a := c.add(objects.XDPChain.Tail, "a", c.place(10))
		c.add(objects.XDPChain.Many, "b", c.place(20))
		Expect(c.exchange(newFrame(0))).To(Equal(outcome{"near", "ab"}))
		next := a.mapOf(s, "next")
		defer next.Close()
		called := callee(s, int32(verdicts[v]))
		defer called.Close()
		s.MustWork(next.Put(uint32(0), called))
		defer next.Delete(uint32(0))
		want := becomes(v, "a")
		if v == Pass {
			want = outcome{"near", "ab"}
		}
		c.sent++
		s.MustWork(c.send(newFrame(c.sent)))
		Expect(c.received(c.sent)).To(Equal(want))
	})
}, Entry("pass", Pass), Entry("tx", TX))

// Another may put programs of a chain into an array, for tail calls, where the kernel allows it.
// The chain runs on, and is changed.
var _ = Table("xdpchain.tail-call.called", func(s *Session, which func(c *chain, a *member) uint32) {
	inNetwork(s, NativeMode, func(c *chain) {
		a := c.add(objects.XDPChain.Many, "a", c.place(0))
		b := c.add(objects.XDPChain.Many, "b", c.place(0))
		array, err := ebpf.NewMap(&ebpf.MapSpec{
			Type: ebpf.ProgramArray, KeySize: 4, ValueSize: 4, MaxEntries: 1,
		})
		s.MustWork(err)
		defer array.Close()
		called, err := ebpf.NewProgramFromID(ebpf.ProgramID(which(c, a)))
		s.MustWork(err)
		defer called.Close()
		// Extensions are in no array, and programs that are extended not any more (d6083f040d5d,
		// "bpf: Prevent tailcall infinite loop caused by freplace").
		err = array.Put(uint32(0), called)
		Expect(err).To(Or(Succeed(), MatchError(unix.EINVAL), MatchError(unix.EBUSY)))
		Expect(c.exchange(newFrame(0))).To(Equal(outcome{"near", "ab"}))
		more := c.add(objects.XDPChain.Many, "c", c.place(0))
		c.mustRun(a, b, more)
		Expect(c.exchange(newFrame(0))).To(Equal(outcome{"near", "abc"}))
		s.MustRemoveFromChain(c.ifindex, b.id)
		Expect(c.exchange(newFrame(0))).To(Equal(outcome{"near", "ac"}))
	})
},
	Entry("component", func(_ *chain, a *member) uint32 { return a.id }),
	Entry("dispatcher", func(c *chain, _ *member) uint32 { return c.s.XDP(c.ifindex).Program }),
)
