// SPDX-License-Identifier: Apache-2.0

package xdpchain

import (
	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/link"
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// A tracer counts how often a program of a chain is called, by its answers where it is attached to
// the end of the program.
type tracer struct {
	counts  *ebpf.Map // by answer; at 0 for a tracer of the start
	program *ebpf.Program
	link    link.Link
}

// mostAnswers says how many answers a tracer tells apart.
const mostAnswers = 8

// trace attaches a tracer to a program of a chain, to be closed.
func (m *member) trace(s *Session, at ebpf.AttachType) *tracer {
	t := new(tracer)
	var err error
	t.counts, err = ebpf.NewMap(&ebpf.MapSpec{
		Type: ebpf.Array, KeySize: 4, ValueSize: 8, MaxEntries: mostAnswers,
	})
	s.MustWork(err)
	target, err := ebpf.NewProgramFromID(ebpf.ProgramID(m.id))
	s.MustWork(err)
	defer func() { s.MustWork(target.Close()) }()
	const key, answer = int16(-4), int16(8) // the answer is behind the one argument
	code := asm.Instructions{asm.Mov.Imm(asm.R2, 0)}
	if at == ebpf.AttachTraceFExit {
		code = asm.Instructions{asm.LoadMem(asm.R2, asm.R1, answer, asm.DWord)}
	}
	t.program, err = ebpf.NewProgram(&ebpf.ProgramSpec{
		Name: "tracer", Type: ebpf.Tracing, AttachType: at, License: "GPL",
		AttachTarget: target, AttachTo: string(m.name),
		Instructions: append(code,
			asm.StoreMem(asm.RFP, key, asm.R2, asm.Word),
			asm.LoadMapPtr(asm.R1, t.counts.FD()),
			asm.Mov.Reg(asm.R2, asm.RFP), asm.Add.Imm(asm.R2, int32(key)),
			asm.FnMapLookupElem.Call(), asm.JEq.Imm(asm.R0, 0, "exit"),
			asm.Mov.Imm(asm.R1, 1), asm.StoreXAdd(asm.R0, asm.R1, asm.DWord),
			asm.Mov.Imm(asm.R0, 0).WithSymbol("exit"), asm.Return()),
	})
	s.MustWork(err)
	t.link, err = link.AttachTracing(link.TracingOptions{Program: t.program})
	s.MustWork(err)
	return t
}

// close takes the tracer away.
func (t *tracer) close(s *Session) {
	s.MustWork(t.link.Close())
	s.MustWork(t.program.Close())
	s.MustWork(t.counts.Close())
}

// counted returns how often the program has answered so, or at 0 was called.
func (t *tracer) counted(s *Session, answer uint32) (n uint64) {
	s.MustWork(t.counts.Lookup(answer, &n))
	return n
}

// A program of a chain is traced as any other: its tracer sees the packets that it is called for,
// and no other's.
var _ = Table("xdpchain.trace.calls", func(s *Session, names string) {
	inNetwork(s, NativeMode, func(c *chain) {
		members := c.addMany(names)
		last := members[len(members)-1]
		t := last.trace(s, ebpf.AttachTraceFEntry)
		defer t.close(s)
		c.exchange(newFrame(0))
		Expect(t.counted(s, 0)).To(BeEquivalentTo(2))
		if len(members) == 1 {
			return
		}
		c.exchange(newFrame(0).answer('a', drop))
		Expect(t.counted(s, 0)).To(BeEquivalentTo(3), "calls, without the frame that another dropped")
	})
}, Entry("alone", "a"), Entry("second", "ab"), Entry("tenth", slots))

// A tracer of the end sees the answers of its program, whatever those of the chain are.
var _ = Table("xdpchain.trace.answers", func(s *Session, v XDPAction) {
	inNetwork(s, NativeMode, func(c *chain) {
		a := c.add(objects.XDPChain.Many, "a", c.place(10, all...))
		c.add(objects.XDPChain.Many, "b", c.place(20))
		t := a.trace(s, ebpf.AttachTraceFExit)
		defer t.close(s)
		Expect(c.exchange(newFrame(0).answer('a', verdicts[v]))).To(Equal(outcome{"near", "ab"}))
		want := make([]uint64, mostAnswers)
		want[pass]++ // of the frame that follows
		want[verdicts[v]]++
		got := make([]uint64, mostAnswers)
		for answer := range got {
			got[answer] = t.counted(s, uint32(answer))
		}
		Expect(got).To(Equal(want), "answers of the program, by their numbers")
	})
}, verdictCases()...)

// A tracer stays on its program while the chain around that changes.
var _ = It("xdpchain.trace.kept", func(s *Session) {
	inNetwork(s, NativeMode, func(c *chain) {
		b := c.add(objects.XDPChain.Many, "b", c.place(0))
		t := b.trace(s, ebpf.AttachTraceFEntry)
		defer t.close(s)
		a := c.add(objects.XDPChain.Many, "a", c.place(0))
		Expect(c.exchange(newFrame(0))).To(Equal(outcome{"near", "ab"}))
		Expect(t.counted(s, 0)).To(BeEquivalentTo(2))
		s.MustRemoveFromChain(c.ifindex, a.id)
		Expect(c.exchange(newFrame(0))).To(Equal(outcome{"near", "b"}))
		Expect(t.counted(s, 0)).To(BeEquivalentTo(4))
	})
})
