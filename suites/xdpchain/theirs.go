// SPDX-License-Identifier: Apache-2.0

package xdpchain

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
	. "github.com/onsi/gomega"
	"golang.org/x/sys/unix"

	"github.com/loadstone-bpf/loadstone/objects"
	"github.com/loadstone-bpf/loadstone/oracle"
	"github.com/loadstone-bpf/loadstone/suites/rtnetlink"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// A dispatcher is what another loader has made that follows libxdp's protocol: the suite's own.
type dispatcher struct {
	object  Object
	version byte
	bound   bool // to the device, as its configuration says
}

var versions = []Case[dispatcher]{
	Entry("v2", dispatcher{objects.XDPChain.DispatcherV2, 2, false}),
	Entry("v3", dispatcher{objects.XDPChain.DispatcherV3, 3, false}),
}

// A theirs is a program of a chain that another loader has made.
type theirs struct {
	name     byte
	priority uint32
	actions  uint32 // a bit for each of the kernel's numbers
}

// putChain has the interface run a chain that another loader has made, with its pins.
func (c *chain) putChain(of dispatcher, programs ...theirs) []*member {
	main, err := c.loadDispatcher(of, programs)
	c.s.MustWork(err)
	c.held = append(c.held, main)
	id, err := programID(main)
	c.s.MustWork(err)
	folder := c.dispatcherFolder(id)
	c.s.MakeFolder(folder)
	var members []*member
	for slot, p := range programs {
		m, err := c.extend(main, slot, p, folder)
		c.s.MustWork(err)
		members = append(members, m)
	}
	c.s.MustWork(rtnetlink.SetXDP(c.ifindex, main.FD(), unix.XDP_FLAGS_DRV_MODE|unix.XDP_FLAGS_UPDATE_IF_NOEXIST, -1))
	return members
}

func programID(p *ebpf.Program) (uint32, error) {
	info, err := p.Info()
	if err != nil {
		return 0, err
	}
	id, ok := info.ID()
	if !ok {
		return 0, fmt.Errorf("%s has no id", info.Name)
	}
	return uint32(id), nil
}

// configuration returns the configuration of a dispatcher: struct xdp_dispatcher_config of
// headers/xdp/prog_dispatcher.h, which is size bytes.
func (of dispatcher) configuration(programs []theirs, size int) []byte {
	const most, magic, noProgram = 10, 236, 31
	b := make([]byte, size)
	b[0], b[1], b[2] = magic, of.version, byte(len(programs))
	for slot, p := range programs {
		put := func(table int, value uint32) {
			binary.NativeEndian.PutUint32(b[4+4*(most*table+slot):], value)
		}
		put(0, p.actions|1<<noProgram)
		put(1, p.priority)
	}
	if of.bound {
		b[4+4*most*3] = 1 // is_xdp_devbound, since version 3
	}
	return b
}

// loadDispatcher loads a dispatcher for programs, without any.
func (c *chain) loadDispatcher(of dispatcher, programs []theirs) (*ebpf.Program, error) {
	spec, err := ebpf.LoadCollectionSpecFromReader(bytes.NewReader(of.object.ELF()))
	if err != nil {
		return nil, err
	}
	conf, data := spec.Variables["conf"], spec.Maps[".rodata"]
	value := bytes.Clone(data.Contents[0].Value.([]byte))
	copy(value[conf.Offset:], of.configuration(programs, int(conf.Size())))
	data.Contents[0].Value = value
	spec.Variables = nil // the collection would map them, and hold the map past its end
	loaded, err := ebpf.NewCollection(spec)
	if err != nil {
		return nil, err
	}
	defer loaded.Close()
	main := loaded.DetachProgram("xdp_dispatcher")
	if main == nil {
		return nil, errors.New("no xdp_dispatcher")
	}
	return main, nil
}

// extend puts a program into a slot of a dispatcher, and pins it and its link.
func (c *chain) extend(
	main *ebpf.Program, slot int, p theirs, folder string,
) (*member, error) {
	spec, err := ebpf.LoadCollectionSpecFromReader(bytes.NewReader(objects.XDPChain.Many.ELF()))
	if err != nil {
		return nil, err
	}
	name := string(p.name)
	for other, program := range spec.Programs {
		if other != name {
			delete(spec.Programs, other)
			continue
		}
		program.Type, program.AttachType = ebpf.Extension, ebpf.AttachNone
		program.AttachTarget, program.AttachTo = main, fmt.Sprintf("prog%d", slot)
	}
	loaded, err := ebpf.NewCollection(spec)
	if err != nil {
		return nil, err
	}
	defer loaded.Close()
	program := loaded.Programs[name]
	held, err := link.AttachFreplace(main, fmt.Sprintf("prog%d", slot), program)
	if err != nil {
		return nil, err
	}
	defer held.Close()
	id, err := programID(program)
	if err != nil {
		return nil, err
	}
	for what, pin := range map[string]func(string) error{"prog": program.Pin, "link": held.Pin} {
		c.s.PutPin(fmt.Sprintf("%s/prog%d-%s", folder, slot, what), pin)
	}
	return &member{id: id, name: p.name}, nil
}

// ours are two programs that another has put into a chain.
var ours = []theirs{{'b', 20, 1 << pass}, {'d', 50, 1<<pass | 1<<tx}}

// control makes a chain of the loader's own and takes it apart, so that a refusal means something.
func (c *chain) control() {
	c.add(objects.XDPChain.Many, "a", c.place(0)).Close()
	c.s.MustRemoveFromChain(c.ifindex, 0)
}

// mustBeLeft expects that a loader has refused something about a chain of another, for its version,
// and left it as it was.
func (c *chain) mustBeLeft(refused *Attempt, main oracle.XDPFacts, members []*member) {
	Expect(refused).To(BeRejected(AtAnyStage))
	c.mustBeAsBefore(main, "bd")
	c.mustRun(members...)
}

// A loader lists a chain that another has made, or refuses where that has another version than its
// own.
var _ = Table("xdpchain.theirs.listed", func(s *Session, of dispatcher) {
	inNetwork(s, NativeMode, func(c *chain) {
		c.control()
		members := c.putChain(of, ours...)
		if asked := s.AskChain(c.ifindex); !asked.OK() {
			c.mustBeLeft(asked, s.XDP(c.ifindex), members)
			return
		}
		Expect(s.ListChain(c.ifindex)).To(Equal(Chain{
			Mode: NativeMode, Dispatcher: s.XDP(c.ifindex).Program, Programs: []InChain{
				c.inChain(members[0], 20, 0, Pass), c.inChain(members[1], 50, 1, Pass, TX),
			},
		}))
	})
}, versions...)

// A loader adds a program to a chain that another has made, and what was in it stays, or refuses
// where that has another version than its own, and leaves it as it was.
var _ = Table("xdpchain.theirs.extended", func(s *Session, of dispatcher) {
	inNetwork(s, NativeMode, func(c *chain) {
		c.control()
		members := c.putChain(of, ours...)
		main := s.XDP(c.ifindex)
		added := s.Open(objects.XDPChain.Many).AddToChain("c", c.place(30))
		if !added.OK() {
			Expect(added).To(BeRejected(AtAnyStage, Busy, NotSupported))
			c.mustBeAsBefore(main, "bd")
			c.mustRun(members...)
			return
		}
		c.mustRun(append(members, &member{id: added.ProgramID("c"), name: 'c'})...)
		Expect(c.exchange(newFrame(0))).To(Equal(outcome{"near", "bcd"}))
		Expect(c.exchange(newFrame(0).answer('b', tx))).To(Equal(outcome{"far", "b"}))
		Expect(s.PinsIn(c.dispatcherFolder(main.Program))).To(BeEmpty())
	})
}, versions...)

// A loader takes a program out of a chain that another has made, or refuses, as above.
var _ = Table("xdpchain.theirs.reduced", func(s *Session, of dispatcher) {
	inNetwork(s, NativeMode, func(c *chain) {
		c.control()
		members := c.putChain(of, ours...)
		main := s.XDP(c.ifindex)
		removed := s.RemoveFromChain(c.ifindex, members[0].id)
		if !removed.OK() {
			Expect(removed).To(BeRejected(AtAnyStage, Busy, NotSupported))
			c.mustBeAsBefore(main, "bd")
			c.mustRun(members...)
			return
		}
		c.mustRun(members[1])
		Expect(c.exchange(newFrame(0))).To(Equal(outcome{"near", "d"}))
		c.mustBeGone(members[0].id)
	})
}, versions...)

// A loader takes a chain apart that another has made, or refuses, as above.
var _ = Table("xdpchain.theirs.taken-apart", func(s *Session, of dispatcher) {
	inNetwork(s, NativeMode, func(c *chain) {
		c.control()
		members := c.putChain(of, ours...)
		facts := s.XDP(c.ifindex)
		main := facts.Program
		if removed := s.RemoveFromChain(c.ifindex, 0); !removed.OK() {
			c.mustBeLeft(removed, facts, members)
			return
		}
		Expect(s.XDP(c.ifindex).Program).To(BeZero())
		Expect(s.PinsIn(c.folder())).To(BeEmpty())
		c.mustBeGone(idsOf(members)...)
		Expect(s.Exists(main)).To(BeTrue(), "it is held by the suite")
	})
}, versions...)

// A chain of a version that the loader does not know is refused, and left as it is.
var _ = Table("xdpchain.theirs.newer", func(s *Session, change func(c *chain, members []*member) *Attempt) {
	inNetwork(s, NativeMode, func(c *chain) {
		c.control()
		members := c.putChain(dispatcher{objects.XDPChain.DispatcherNewer, 99, false}, ours...)
		main := s.XDP(c.ifindex)
		before := s.Kernel()
		Expect(change(c, members)).To(BeRejected(AtAnyStage, NotSupported, Busy, NotFound))
		c.mustBeAsBefore(main, "bd")
		c.mustRun(members...)
		Expect(s.Kernel()).To(HoldNothingBeyond(before))
	})
},
	Entry("add", func(c *chain, _ []*member) *Attempt {
		return c.s.Open(objects.XDPChain.Many).AddToChain("c", c.place(30))
	}),
	Entry("remove", func(c *chain, members []*member) *Attempt {
		return c.s.RemoveFromChain(c.ifindex, members[0].id)
	}),
	Entry("take-apart", func(c *chain, _ []*member) *Attempt {
		return c.s.RemoveFromChain(c.ifindex, 0)
	}),
)

// A chain of another that is bound to its device, for the hints of its driver, takes no program
// that is not, and stays as it was.
var _ = It("xdpchain.theirs.device-bound", func(s *Session) {
	inNetwork(s, NativeMode, func(c *chain) {
		c.control()
		members := c.putChain(dispatcher{objects.XDPChain.DispatcherV3, 3, true}, ours...)
		main, before := s.XDP(c.ifindex), s.Kernel()
		Expect(s.Open(objects.XDPChain.Many).AddToChain("c", c.place(30))).
			To(BeRejected(AtAnyStage, Busy, NotSupported, Invalid))
		c.mustBeAsBefore(main, "bd")
		c.mustRun(members...)
		Expect(s.Kernel()).To(HoldNothingBeyond(before))
	})
})

// holdLinks keeps the programs of a chain in their places without pins.
func (c *chain) holdLinks() {
	main := c.s.XDP(c.ifindex).Program
	for _, l := range c.s.ExtensionLinks() {
		if l.Target != main {
			continue
		}
		held, err := link.NewFromID(link.ID(l.ID))
		c.s.MustWork(err)
		c.held = append(c.held, held)
	}
}

// A chain whose pins are gone, and whose links another process holds, is what the kernel's links
// say: a loader lists it, and adds to it.
var _ = Table("xdpchain.theirs.unpinned", func(s *Session, of dispatcher) {
	inNetwork(s, NativeMode, func(c *chain) {
		members := c.putChain(of, ours...)
		c.holdLinks()
		main := s.XDP(c.ifindex).Program
		s.RemoveAllIn(c.dispatcherFolder(main))
		Expect(s.ListChain(c.ifindex)).To(Equal(Chain{
			Mode: NativeMode, Dispatcher: main, Programs: []InChain{
				c.inChain(members[0], 20, 0, Pass), c.inChain(members[1], 50, 1, Pass, TX),
			},
		}))
		more := c.add(objects.XDPChain.Many, "c", c.place(30))
		c.mustRun(append(members, more)...)
		Expect(c.exchange(newFrame(0))).To(Equal(outcome{"near", "bcd"}))
	})
}, versions...)
