// SPDX-License-Identifier: Apache-2.0

package xdpchain

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"syscall"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
	"golang.org/x/sys/unix"

	"github.com/loadstone-bpf/loadstone/loaderimpl"
)

// A changer changes a chain once, and knows how to undo what it did so far.
type changer struct {
	ifindex int
	options Options
	pins    folder

	loaded map[*part]*loaderimpl.Loaded // of the parts that were added
	undos  []func() error               // for a change that fails, last first
	ends   []func() error               // for one that does not
}

// undo takes back what was made before err.
func (c *changer) undo(err error) error {
	for _, undo := range slices.Backward(c.undos) {
		if undoErr := undo(); undoErr != nil {
			err = fmt.Errorf("%w; then, undoing it: %w", err, undoErr)
		}
	}
	return err
}

// done does what comes after the change: descriptors are closed, pins keep what they stood for.
func (c *changer) done() error {
	var errs []error
	for _, end := range c.ends {
		errs = append(errs, end())
	}
	return errors.Join(errs...)
}

// always adds a step for both ends.
func (c *changer) always(f func() error) {
	c.undos, c.ends = append(c.undos, f), append(c.ends, f)
}

// replace makes a dispatcher for parts, and replaces the existing chain, nil for none, with it.
func (c *changer) replace(there *present, parts []*part) error {
	if err := c.check(there, parts); err != nil {
		return err
	}
	sortParts(parts)
	conf := c.configure(there, parts)
	dispatcher, err := loadDispatcher(conf)
	if err != nil {
		return fmt.Errorf("load the dispatcher: %w", err)
	}
	c.always(dispatcher.Close)
	info, err := dispatcher.Info()
	if err != nil {
		return fmt.Errorf("ask for the dispatcher: %w", err)
	}
	id, known := info.ID()
	if !known {
		return fmt.Errorf("the dispatcher: %w", errUntold)
	}
	dir := c.pins.of(c.ifindex, id)
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	c.undos = append(c.undos, func() error { return removePins(dir) })
	if err := c.fill(&building{there, dispatcher, dir, parts}, 0); err != nil {
		return err
	}
	if there != nil {
		c.ends = append(c.ends, func() error { return c.dismantle(there) })
	}
	return nil
}

// dismantle removes the pins of a chain that is off the interface, once no packet is in it: without
// its links, the dispatcher would pass those by the programs.
func (c *changer) dismantle(there *present) error {
	if err := waitForPackets(); err != nil {
		return err
	}
	return removePins(c.pins.of(c.ifindex, there.Dispatcher))
}

// waitForPackets waits until every packet is through the program that its interface had before:
// drivers run programs in sections of RCU, and MEMBARRIER_CMD_GLOBAL waits for the end of all that
// have begun. A kernel with isolated processors (nohz_full) refuses, and one may be built without;
// there a packet may still be in the old chain.
func waitForPackets() error {
	const global = 1 << 0 // MEMBARRIER_CMD_GLOBAL
	_, _, errno := unix.Syscall(unix.SYS_MEMBARRIER, global, 0, 0)
	if errno != 0 && errno != unix.EINVAL && errno != unix.ENOSYS {
		return fmt.Errorf("wait for packets: %w", errno)
	}
	return nil
}

// check refuses a chain that cannot be made, before anything is.
func (c *changer) check(there *present, parts []*part) error {
	if len(parts) > Slots {
		return fmt.Errorf("%d programs: %w", len(parts), ErrFull)
	}
	for _, p := range parts {
		if p.program == nil && p.added == nil {
			return fmt.Errorf("interface %d: %w", c.ifindex, ErrUnreadable)
		}
	}
	if there == nil {
		return nil
	}
	o := &c.options
	switch {
	case o.Mode != loaderimpl.XDPDefault && o.Mode != there.mode:
		return fmt.Errorf("in mode %v, not %v: %w", there.mode, o.Mode, ErrMode)
	case o.ByLink && there.link == 0:
		return fmt.Errorf("by netlink, not by a link: %w", ErrMode)
	case there.DevBound:
		return fmt.Errorf("bound to the device: %w", ErrMode)
	}
	return nil
}

// configure returns the configuration for parts. An existing chain keeps its version, so that
// the libxdp that made it can read it; version 1 knows nothing of several buffers, and becomes 2.
func (c *changer) configure(there *present, parts []*part) *config {
	conf := &config{version: newestVersion, frags: true}
	if there != nil {
		conf.version = max(there.Version, fragsVersion)
	} else if c.options.Version != 0 {
		conf.version = c.options.Version
	}
	for _, p := range parts {
		s := slotConfig{actions: p.run.actions, priority: p.run.priority}
		if p.frags {
			s.flags = flagFrags
		}
		conf.frags = conf.frags && p.frags
		conf.slots = append(conf.slots, s)
	}
	return conf
}

// A building is a chain that is being made.
type building struct {
	there      *present // that it will replace; nil for none
	dispatcher *ebpf.Program
	dir        string // for the pins
	parts      []*part
}

// fill fills the slots of a dispatcher from one on, and then puts it on the interface. All of that
// happens before the loads of the programs end, so that each undoes what it did, such as pins of
// maps, where anything fails.
func (c *changer) fill(b *building, slot int) error {
	if slot == len(b.parts) {
		return c.attach(b.there, b.dispatcher)
	}
	p := b.parts[slot]
	next := func(program *ebpf.Program) error {
		if err := c.put(b, slot, program); err != nil {
			return fmt.Errorf("%s, slot %d: %w", p.name, slot, err)
		}
		return c.fill(b, slot+1)
	}
	if p.program != nil {
		return next(p.program)
	}
	loaded, err := p.added.load(b.dispatcher, slotFunction(slot, len(b.parts)),
		func(l *loaderimpl.Loaded) error { return next(l.Programs[p.name]) })
	if err != nil {
		return err
	}
	c.loaded[p] = loaded
	return nil
}

// put puts a program into a slot, and pins it with its link.
func (c *changer) put(b *building, slot int, program *ebpf.Program) error {
	attached, err := loaderimpl.AttachExtension(program, b.dispatcher,
		slotFunction(slot, len(b.parts)))
	if err != nil {
		return err
	}
	c.always(attached.Close)
	if err := attached.Pin(linkPin(b.dir, slot)); err != nil {
		return fmt.Errorf("pin the link: %w", err)
	}
	if err := loaderimpl.Pin(program, programPin(b.dir, slot)); err != nil {
		return fmt.Errorf("pin the program: %w", err)
	}
	return nil
}

// load loads a component as an extension, and does what comes then before the load ends.
func (c *Component) load(dispatcher *ebpf.Program, function string,
	then func(*loaderimpl.Loaded) error) (*loaderimpl.Loaded, error) {
	object := c.Object.Clone()
	for _, p := range object.Programs() {
		if err := p.SetAutoload(p.Name() == c.Program); err != nil {
			return nil, err
		}
	}
	if err := object.Program(c.Program).SetTarget(dispatcher, function); err != nil {
		return nil, err
	}
	return object.Load(loaderimpl.LoadOptions{TokenPath: c.TokenPath, Then: then})
}

// attach puts a dispatcher on the interface, and replaces the existing one, nil for none.
func (c *changer) attach(there *present, dispatcher *ebpf.Program) error {
	switch {
	case there != nil && there.link != 0:
		return c.updateLink(there, dispatcher)
	case there != nil:
		return race(loaderimpl.SetXDP(c.ifindex, there.mode, dispatcher, there.dispatcher), syscall.EEXIST)
	case !c.options.ByLink:
		return race(loaderimpl.SetXDP(c.ifindex, c.options.Mode, dispatcher, nil), syscall.EBUSY)
	}
	made, err := loaderimpl.LinkXDP(c.ifindex, c.options.Mode, dispatcher)
	if err != nil {
		return race(err, syscall.EBUSY)
	}
	c.always(made.Close)
	pin := c.pins.interfaceLink(c.ifindex)
	if err := removePin(pin); err != nil { // of an interface that is gone: the link holds none
		return err
	}
	return made.Pin(pin)
}

// updateLink puts a dispatcher in the place of another by the link that holds the interface.
func (c *changer) updateLink(there *present, dispatcher *ebpf.Program) error {
	holds, err := link.NewFromID(there.link)
	if err != nil {
		return race(err, syscall.ENOENT)
	}
	c.always(holds.Close)
	updates, can := holds.(interface {
		UpdateArgs(link.RawLinkUpdateOptions) error
	})
	if !can {
		return fmt.Errorf("link %d: %w", there.link, link.ErrNotSupported)
	}
	const replace = 1 << 2 // BPF_F_REPLACE
	err = updates.UpdateArgs(link.RawLinkUpdateOptions{New: dispatcher, Old: there.dispatcher,
		Flags: replace})
	if err != nil {
		return race(fmt.Errorf("update link %d: %w", there.link, err), syscall.EPERM, syscall.ENOLINK)
	}
	return nil
}

// takeOff takes the chain off the interface, and removes its pins.
func (c *changer) takeOff(there *present) error {
	c.ends = append(c.ends, func() error { return c.dismantle(there) })
	if there.link == 0 {
		return race(loaderimpl.SetXDP(c.ifindex, there.mode, nil, there.dispatcher), syscall.EEXIST)
	}
	holds, err := link.NewFromID(there.link)
	if err != nil {
		return race(err, syscall.ENOENT)
	}
	c.always(holds.Close)
	if err := holds.Detach(); err != nil {
		return fmt.Errorf("detach link %d: %w", there.link, err)
	}
	return removePin(c.pins.interfaceLink(c.ifindex))
}

// errUntold says that the kernel does not tell which program a descriptor is of: before Linux 4.15,
// which has no extension programs either.
var errUntold = errors.New("the kernel does not tell its id and when it was loaded")

// race marks an error that says, by one of errnos, that another was faster.
func race(err error, errnos ...syscall.Errno) error {
	for _, errno := range errnos {
		if errors.Is(err, errno) {
			return fmt.Errorf("%w: %w", errRaced, err)
		}
	}
	return err
}
