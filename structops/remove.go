// SPDX-License-Identifier: Apache-2.0

package structops

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
	"golang.org/x/sys/unix"
)

// Remove unregisters a structure, whoever loaded it, removes the pins of its map and links, and
// waits for as long as wait until the kernel has freed it. It calls did with a line for each thing
// that it has done.
//
// Without an error the structure is gone. Else the error wraps [ErrNotThere], [ErrInUse] or
// [ErrBeingFreed] where users in the kernel still hold it, or [ErrHeld] where a process does.
func Remove(ctx context.Context, s Structure, wait time.Duration, did func(line string)) error {
	return remover{did, detachByID}.remove(ctx, s, wait)
}

// A remover removes structures.
type remover struct {
	did func(line string)

	// detach detaches a link, and is false for one that has gone or is detached already. The error
	// wraps [link.ErrNotSupported] where the kernel cannot.
	detach func(linkID uint32) (bool, error)
}

func (r remover) remove(ctx context.Context, s Structure, wait time.Duration) error {
	before := s
	if err := r.unregister(&s); err != nil {
		return err
	}
	if err := r.removePins(s.Pins); err != nil {
		return err
	}
	return waitGone(ctx, before, wait)
}

func (r remover) removePins(paths []string) error {
	for _, path := range paths {
		removed, err := removePin(path)
		if err != nil {
			return err
		}
		if removed {
			r.did("removed pin " + Printable(path))
		}
	}
	return nil
}

// unregister takes a structure out of the kernel's lists.
func (r remover) unregister(s *Structure) error {
	if s.RegisteredBy == ByLink {
		for _, l := range s.Links {
			if err := r.removeLink(s, l); err != nil {
				return err
			}
		}
		return nil
	}
	if !s.Registered {
		return nil
	}
	m, err := ebpf.NewMapFromID(ebpf.MapID(s.ID))
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%v: %w: it went meanwhile", s, ErrNotThere)
	}
	if err != nil {
		return fmt.Errorf("open map %d: %w", s.ID, err)
	}
	defer m.Close()
	err = m.Delete(uint32(0))
	switch {
	case errors.Is(err, unix.EINPROGRESS): // another was faster
		s.Registered = false
		return nil
	case err != nil:
		return fmt.Errorf("unregister %v: %w", s, err)
	}
	r.did(fmt.Sprintf("unregistered %v", s))
	return nil
}

// removeLink detaches a link and removes its pins. A kernel before 6.11 (6fb2544ea149) cannot
// detach the link of a structure: it then goes with its last pin and descriptor.
func (r remover) removeLink(s *Structure, l Link) error {
	detached, err := r.detach(l.ID)
	switch {
	case err == nil:
		if detached {
			r.did(fmt.Sprintf("unregistered %v: detached link %d", s, l.ID))
		}
		return r.removePins(l.Pins)
	case !errors.Is(err, link.ErrNotSupported):
		return fmt.Errorf("detach link %d of %v: %w", l.ID, s, err)
	}
	if err := r.removePins(l.Pins); err != nil {
		return err
	}
	if len(l.Holders) > 0 {
		return fmt.Errorf("%v: %w: it is still registered: this kernel detaches no link of a "+
			"structure, and link %d goes when %s closes it", s, ErrHeld, l.ID, processes(l.Holders))
	}
	return nil
}

// detachByID detaches a link: see [remover].
func detachByID(id uint32) (detached bool, err error) {
	l, err := link.NewFromID(link.ID(id))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	err = l.Detach()
	detached = err == nil
	if errors.Is(err, unix.EINVAL) { // bpf_struct_ops_map_link_detach finds no map
		err = nil
	}
	return detached, errors.Join(err, l.Close())
}
