// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"context"
	"errors"
	"slices"
	"time"
)

// Witness watches what comes and goes in one kernel.
type Witness struct {
	// BPFFS names the folder whose pins count; "" for none.
	BPFFS string

	// Preloaded are the pins in there that do not count, below it: those that the kernel makes in
	// the root of every bpffs (populate_bpffs, kernel/bpf/inode.c).
	Preloaded []string

	// Shared says that others make objects in this kernel too: it is not a virtual machine of ours.
	// An object that an unrelated process holds then counts as that process's, and an object that
	// came after the first question as another's. One error remains: a loader that hands its object
	// to a service that ran before goes unseen. A virtual machine has no such hole, so only a run
	// in one is a verdict on a loader.
	Shared bool

	// Firm, unless it is zero, is how long it takes until what a process of ours holds, or a pin,
	// counts as held for good, so that nothing of it is waited for any more: the kernel frees late
	// what nothing holds, and gives up nothing that is held. Processes of ours have nothing to do
	// then, but may be about to end.
	Firm time.Duration
}

// Take takes the inventory.
func (w Witness) Take() (Inventory, error) {
	inventory, err := Take(w.BPFFS)
	inventory.Pins = w.others(inventory.Pins)
	return inventory, err
}

// Pins returns the pins that count: see [Pins].
func (w Witness) Pins() ([]string, error) {
	pins, err := Pins(w.BPFFS)
	return w.others(pins), err
}

// others returns those of pins that the kernel did not make.
func (w Witness) others(pins []string) []string {
	return slices.DeleteFunc(pins, func(pin string) bool { return slices.Contains(w.Preloaded, pin) })
}

// Beyond returns, with names, what exists that did not exist before, once the kernel has freed what
// it was going to free: it asks until nothing is left, until ctx is done, or until something is
// held for good (see Firm).
func (w Witness) Beyond(ctx context.Context, before Inventory) ([]Object, error) {
	var beyond []Object
	waited := false // for what no process of ours holds
	firm := time.Now().Add(w.Firm)
	for pause, first := time.Millisecond, true; ; first = false {
		now, err := w.Take()
		if err != nil {
			return nil, err
		}
		last := beyond
		beyond = now.Beyond(before)
		if w.Shared {
			if beyond, err = notHeldByOthers(beyond); err != nil {
				return nil, err
			}
			if !first {
				beyond = slices.DeleteFunc(beyond, func(o Object) bool {
					return !slices.Contains(last, o)
				})
			}
		}
		if len(beyond) == 0 {
			return nil, nil
		}
		if w.Firm > 0 && time.Now().After(firm) {
			held, err := heldByUs(beyond)
			if held || err != nil {
				all, describeErr := describeAll(beyond)
				return all, errors.Join(err, describeErr)
			}
			firm = time.Now().Add(w.Firm)
		}
		select {
		case <-ctx.Done():
			if !w.Shared || waited {
				return describeAll(beyond)
			}
			waited = true
			ours, err := heldByUs(beyond)
			if ours || err != nil {
				all, describeErr := describeAll(beyond)
				return all, errors.Join(err, describeErr)
			}
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(context.WithoutCancel(ctx), lingering)
			defer cancel()
		case <-time.After(pause):
			pause = min(2*pause, 20*time.Millisecond)
		}
	}
}

// lingering is how long, on a kernel that others use, an object may stay that is held by no process
// of ours and pinned nowhere that counts. It may be another's who has just ended, and a busy kernel
// frees late.
const lingering = 10 * time.Second

// describeAll returns the objects with what the kernel knows of them.
func describeAll(objects []Object) ([]Object, error) {
	all := make([]Object, 0, len(objects))
	for _, o := range objects {
		o, err := o.Describe()
		if err != nil {
			return nil, err
		}
		all = append(all, o)
	}
	return all, nil
}
