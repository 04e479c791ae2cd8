// SPDX-License-Identifier: Apache-2.0

package xdpchain

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/cilium/ebpf"

	"github.com/loadstone-bpf/loadstone/loaderimpl"
)

// A Component is a program that is added to a chain: an XDP program of an object that is open. The
// program is loaded as an extension of the chain's dispatcher. Of the object nothing else is loaded
// than what the program needs.
type Component struct {
	Object   *loaderimpl.Object // stays the caller's, and is not loaded itself: see Object.Clone
	Program  string             // of the object; empty for the only one
	Priority *uint32            // the smaller, the earlier; nil for what the object says, or 50
	Actions  *Actions           // nil for what the object says, or pass
	// TokenPath is as in [loaderimpl.LoadOptions].
	TokenPath string
}

// Options say how a chain is changed.
type Options struct {
	BPFFS string // that has the pins; empty for [DefaultBPFFS]
	// Mode is the interface's mode of a new chain. For an existing chain it has to be that chain's,
	// or [loaderimpl.XDPDefault].
	Mode loaderimpl.XDPMode
	// ByLink has a new chain attached by a link, which is pinned, and not by netlink. Libxdp reads
	// such a chain and can take it off, but not change it.
	ByLink bool
	// Version of the configuration of a new chain: 2 or 3, and 0 for 3. Libxdp reads it up to its
	// own version and extends only a chain of its own: 2 up to libxdp 1.5, 3 from 1.6.
	Version int
}

func (o Options) bpffs() string {
	if o.BPFFS == "" {
		return DefaultBPFFS
	}
	return o.BPFFS
}

// Add puts programs into the chain of an interface, and makes the chain where there is none. It
// makes a new dispatcher with the programs that are there and those that are added, in the order of
// libxdp, and puts it in the place of the old one in one step: each packet meets the old chain or
// the new one. What fails is undone, and the interface is as it was.
//
// It returns the chain, and what was loaded for each component, which the caller closes, also where
// there is an error beside it: the chain needs none of it. Its programs are those of one name with
// the component's.
//
// The error wraps [ErrForeign], [ErrFull], [ErrProgram], [ErrNotXDP], [ErrRunConfig], [ErrMode],
// [ErrBPFFS] or [ErrBusy], or is a [loaderimpl.Error].
func Add(ctx context.Context, ifindex int, components []Component, o Options) (
	*Chain, []*loaderimpl.Loaded, error) {
	if len(components) == 0 {
		return nil, nil, fmt.Errorf("nothing to add: %w", ErrProgram)
	}
	added := make([]*part, len(components))
	for i := range components {
		var err error
		if added[i], err = components[i].part(); err != nil {
			return nil, nil, err
		}
	}
	var made []*loaderimpl.Loaded
	chain, err := change(ctx, ifindex, o, func(c *changer, there *present) error {
		parts := slices.Clone(added)
		if there != nil && there.Static {
			return fmt.Errorf("a static one, which is made as a whole: %w", ErrMode)
		}
		if there != nil {
			parts = append(slices.Clone(there.parts), parts...)
		}
		err := c.replace(there, parts)
		if err == nil {
			made = nil
			for _, p := range added {
				made = append(made, c.loaded[p])
			}
		}
		return err
	})
	return chain, made, err
}

// Remove takes programs out of the chain of an interface, and the chain off with its last. Without
// ids it takes off the whole chain. Like [Add] it switches in one step, and undoes what fails.
//
// It returns the chain that is left, or nil. The error wraps [ErrNone], [ErrForeign],
// [ErrNotInChain], [ErrUnreadable] or [ErrBusy], or is a [loaderimpl.Error].
func Remove(ctx context.Context, ifindex int, ids []ebpf.ProgramID, o Options) (*Chain, error) {
	return change(ctx, ifindex, o, func(c *changer, there *present) error {
		if there == nil {
			return fmt.Errorf("interface %d: %w", ifindex, ErrNone)
		}
		parts, err := without(there, ids)
		if err != nil {
			return err
		}
		if len(parts) == 0 {
			return c.takeOff(there)
		}
		return c.replace(there, parts)
	})
}

// without returns the parts of a chain without those with ids, or none where there are no ids.
func without(there *present, ids []ebpf.ProgramID) ([]*part, error) {
	switch {
	case len(ids) == 0:
		return nil, nil
	case there.Static:
		return nil, fmt.Errorf("a static one, which is taken off as a whole: %w", ErrMode)
	}
	for _, id := range ids {
		if id == 0 || !slices.ContainsFunc(there.Programs, func(p Program) bool { return p.ID == id }) {
			return nil, fmt.Errorf("%d: %w", id, ErrNotInChain)
		}
	}
	var parts []*part
	for i, p := range there.parts {
		if !slices.Contains(ids, there.Programs[i].ID) {
			parts = append(parts, p)
		}
	}
	return parts, nil
}

// change changes the chain of an interface, with the lock taken, and returns what it is then, nil
// for none. It begins again where another changed the interface in between, as one does that does
// not take the lock for long: libxdp.
func change(ctx context.Context, ifindex int, o Options,
	do func(*changer, *present) error) (_ *Chain, err error) {
	pins, err := openFolder(o.bpffs())
	if err != nil {
		return nil, err
	}
	unlock, err := pins.lock(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	const attempts = 10
	for n := range attempts {
		err = changeOnce(ifindex, o, pins, do)
		if err == nil {
			chain, err := Read(ifindex, o.bpffs())
			if errors.Is(err, ErrNone) {
				err = nil
			}
			return chain, err
		}
		if !errors.Is(err, errRaced) {
			return nil, err
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(err, ctx.Err())
		case <-time.After(time.Millisecond << n):
		}
	}
	return nil, fmt.Errorf("%d attempts: %w: %w", attempts, ErrBusy, err)
}

func changeOnce(ifindex int, o Options, pins folder,
	do func(*changer, *present) error) (err error) {
	links, err := readLinks()
	if err != nil {
		return err
	}
	there, err := readOne(ifindex, pins, links)
	switch {
	case errors.Is(err, ErrNone):
		there, err = nil, nil
	case errors.Is(err, fs.ErrNotExist): // a program that went while it was looked at
		return fmt.Errorf("%w: %w", errRaced, err)
	case err != nil:
		return err
	default:
		defer func() { err = errors.Join(err, there.close()) }()
	}
	c := &changer{ifindex: ifindex, options: o, pins: pins,
		loaded: make(map[*part]*loaderimpl.Loaded)}
	if err := do(c, there); err != nil {
		return c.undo(err)
	}
	return c.done()
}

// part returns what is known of a component before it is loaded.
func (c *Component) part() (*part, error) {
	program, err := c.choose()
	if err != nil {
		return nil, err
	}
	types, err := c.Object.Types()
	if err != nil {
		return nil, err
	}
	run, err := readRunConfig(types, program.Name())
	if err != nil {
		return nil, err
	}
	if c.Priority != nil {
		run.priority = *c.Priority
	}
	if c.Actions != nil {
		run.actions = *c.Actions &^ emptySlot
	}
	own := *c
	own.Program = program.Name()
	return &part{run: run, name: program.Name(), added: &own,
		frags: program.Kind().Flags&flagFrags != 0}, nil
}

// choose returns the program of a component.
func (c *Component) choose() (*loaderimpl.Program, error) {
	var names []string
	var only *loaderimpl.Program
	for _, p := range c.Object.Programs() {
		k := p.Kind()
		if k.Type != ebpf.XDP || k.AttachType != ebpf.AttachXDP && k.AttachType != 0 {
			if p.Name() == c.Program {
				return nil, fmt.Errorf("%s: %w", c.Program, ErrNotXDP)
			}
			continue
		}
		if p.Name() == c.Program {
			return p, nil
		}
		only = p
		names = append(names, p.Name())
	}
	switch {
	case c.Program != "":
		return nil, fmt.Errorf("%s: %w: XDP programs are %v", c.Program, ErrProgram, names)
	case len(names) != 1:
		return nil, fmt.Errorf("%w: XDP programs are %v, name one", ErrProgram, names)
	}
	return only, nil
}

// errRaced says that the program of an interface was not the one that it was before.
var errRaced = errors.New("another changed the program of the interface meanwhile")
