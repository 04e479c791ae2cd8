// SPDX-License-Identifier: Apache-2.0

package xdpchain

import (
	"errors"
	"fmt"
	"path"
	"strings"
	"time"

	. "github.com/onsi/gomega"
	"golang.org/x/sys/unix"

	"github.com/loadstone-bpf/loadstone/objects"
	"github.com/loadstone-bpf/loadstone/oracle"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// patience says how long what is waited for may take.
const patience = 5 * time.Second

// modes are those that the pair of devices has.
var modes = []Case[XDPMode]{Entry("native", NativeMode), Entry("skb", SKBMode)}

// A chain is what a spec asks the loader for: programs at the near end of a network.
type chain struct {
	*network
	s    *Session
	mode XDPMode

	sent uint32   // frames so far
	held []closer // what others have, to be closed with the network
}

// A closer gives up a program, or a link, that another has put on the interface.
type closer interface{ Close() error }

// inNetwork makes a network for use with chains of a mode, and ends it.
func inNetwork(s *Session, mode XDPMode, use func(c *chain)) {
	atDevices(s, mode, use)
}

// atDevices makes a network for use without chains, and ends it.
func atDevices(s *Session, mode XDPMode, use func(c *chain)) {
	atDevicesFor(s, small, mode, use)
}

// atDevicesFor makes a network for packets of a size, and ends it.
func atDevicesFor(s *Session, size packetSize, mode XDPMode, use func(c *chain)) {
	n, err := newNetwork(size, s.Patience(patience))
	s.MustWork(err)
	c := &chain{network: n, s: s, mode: mode}
	defer func() {
		for _, one := range c.held {
			s.MustWork(one.Close())
		}
		s.MustWork(n.close())
		s.RemoveAllIn(c.folder()) // what an unfinished spec has left, and the folder itself
	}()
	use(c)
}

// folder is where libxdp's protocol has the pins of chains.
func (c *chain) folder() string { return path.Join(c.s.BPFFS(), "xdp") }

// dispatcherFolder is where it has those of one dispatcher.
func (c *chain) dispatcherFolder(dispatcher uint32) string {
	return path.Join(c.folder(), fmt.Sprintf("dispatch-%d-%d", c.ifindex, dispatcher))
}

// place returns the place of a program in this chain.
func (c *chain) place(priority int, actions ...XDPAction) Place {
	return Place{Ifindex: c.ifindex, Mode: c.mode, Priority: priority, Actions: actions}
}

// A member is a program in a chain.
type member struct {
	*Attempt
	id   uint32
	name byte
}

// add puts a program of an object into the chain. A refusal ends the spec.
func (c *chain) add(o Object, name string, at Place) *member {
	a := c.s.Open(o).MustAddToChain(name, at)
	m := &member{Attempt: a, id: a.ProgramID(name), name: name[0]}
	_, err := oracle.Program(m.id)
	Expect(err).NotTo(HaveOccurred(), "program %d, which the loader has put into the chain", m.id)
	Expect(c.s.XDP(at.Ifindex).Program).NotTo(BeZero(), "a program on interface %d", at.Ifindex)
	return m
}

// addMany puts programs of one object, each by itself, into the chain; all say nothing of their
// place in it.
func (c *chain) addMany(names string) []*member {
	var all []*member
	for _, name := range strings.Split(names, "") {
		all = append(all, c.add(objects.XDPChain.Many, name, c.place(0)))
	}
	return all
}

// idsOf returns the ids of members.
func idsOf(members []*member) []uint32 {
	var all []uint32
	for _, m := range members {
		all = append(all, m.id)
	}
	return all
}

// seen returns how many frames of the suite a member has seen, by the map that it counts them in.
func (m *member) seen(s *Session) uint64 {
	facts, err := oracle.Program(m.id)
	s.MustWork(err)
	for _, id := range facts.Maps {
		if used, err := oracle.Map(id); err == nil && used.Name == "seen" {
			value, err := oracle.Lookup(id, U32(uint32(m.name-'a')))
			s.MustWork(err)
			return Number64(value)
		}
	}
	s.MustWork(fmt.Errorf("program %d, %c, has no map seen", m.id, m.name))
	return 0
}

// An outcome says what became of a frame.
type outcome struct {
	at    string // "near": received there; "far": sent back; "" for neither
	marks string // of the programs that saw it, in their order, where it was received
}

// exchange sends a frame, and returns what became of it. A frame that all programs pass follows,
// and tells that the first was dealt with.
func (c *chain) exchange(f *frame) outcome {
	c.sent += 2
	last := newFrame(c.sent)
	first := c.sent - 1
	f.setNumber(first)
	c.s.MustWork(errors.Join(c.send(f), c.send(last)))
	got := outcome{}
	for {
		r, err := receive(c.nearSocket)
		if err != nil {
			Expect(err).NotTo(HaveOccurred(), "a frame that all programs pass")
		}
		if r.number() == last.number() {
			break
		}
		if r.number() == first {
			got = outcome{"near", r.marks()}
		}
	}
	if got.at == "" {
		got = c.sentBack(first)
	}
	return got
}

// received waits for a frame at either end, and returns what became of it.
func (c *chain) received(number uint32) outcome {
	ends := []unix.PollFd{
		{Fd: int32(c.nearSocket), Events: unix.POLLIN}, {Fd: int32(c.farSocket), Events: unix.POLLIN},
	}
	is, err := poll(ends, c.s.Patience(patience))
	c.s.MustWork(err)
	Expect(is).To(BeTrue(), "a frame at one of the ends")
	at, socket := "near", c.nearSocket
	if ends[0].Revents == 0 {
		at, socket = "far", c.farSocket
	}
	r, err := receive(socket)
	c.s.MustWork(err)
	Expect(r.number()).To(Equal(number))
	return outcome{at, r.marks()}
}

// late says how long a frame that comes back by XDP may take longer than one that is passed.
const late = 200 * time.Millisecond

// sentBack returns what became of a frame that the near end did not receive.
func (c *chain) sentBack(number uint32) outcome {
	for {
		is, err := waiting(c.farSocket, c.s.Patience(late))
		c.s.MustWork(err)
		if !is {
			return outcome{}
		}
		r, err := receive(c.farSocket)
		c.s.MustWork(err)
		if r.number() == number {
			return outcome{"far", r.marks()}
		}
	}
}

// mustRun expects that the chain runs members, and no other program: by the kernel's links between
// the extension programs and the program on the interface. Before Linux 5.13 the kernel does not
// tell between which: there are links of the members then, and frames tell the rest.
func (c *chain) mustRun(members ...*member) {
	main := c.s.XDP(c.ifindex)
	Expect(main.Program).NotTo(BeZero(), "a program on the interface")
	var run []uint32
	functions := map[uint32]bool{}
	linked := []uint32{}
	tells := true
	for _, link := range c.s.ExtensionLinks() {
		linked = append(linked, link.Program)
		tells = tells && link.Target != 0
		if link.Target == main.Program {
			run = append(run, link.Program)
			functions[link.Function] = true
		}
	}
	if !tells {
		Expect(linked).To(ContainElements(idsOf(members)), "extension programs")
		return
	}
	Expect(run).To(ConsistOf(idsOf(members)), "extension programs of program %d", main.Program)
	Expect(functions).To(HaveLen(len(members)), "functions that they replace")
}

// mustBeAsBefore expects that the interface runs what it ran, and that members are in the chain and
// see frames in their order.
func (c *chain) mustBeAsBefore(main oracle.XDPFacts, order string) {
	Expect(c.s.XDP(c.ifindex)).To(Equal(main))
	Expect(c.exchange(newFrame(0))).To(Equal(outcome{"near", order}))
}

// mustBeGone waits until the kernel has none of these programs: it frees late.
func (c *chain) mustBeGone(programs ...uint32) {
	for _, id := range programs {
		Eventually(func() bool { return c.s.Exists(id) }).
			WithTimeout(c.s.Patience(patience)).Should(BeFalse(), "program %d in the kernel", id)
	}
}
