// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"context"
	"slices"
	"time"
)

// Witness watches what comes and goes in one kernel.
type Witness struct {
	// BPFFS is the folder whose pins count; "" for none.
	BPFFS string

	// Shared says that others make objects in this kernel too: it is not a virtual machine of ours. An object that a process holds which is
	// not descended from this one is then taken for that process's, and an object that came after a question was first asked is taken for
	// somebody else's. What remains wrong is known: a loader that hands its object to a service that ran before goes unseen. A virtual
	// machine has no such hole, so only a run in one is a verdict on a loader.
	Shared bool
}

// Take takes the inventory.
func (w Witness) Take() (Inventory, error) { return Take(w.BPFFS) }

// Beyond is what there is that was not there before, with names, once the kernel has freed what it was going to free: it asks until there is
// nothing, or until ctx is done.
func (w Witness) Beyond(ctx context.Context, before Inventory) ([]Object, error) {
	var beyond []Object
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
				beyond = slices.DeleteFunc(beyond, func(o Object) bool { return !slices.Contains(last, o) })
			}
		}
		if len(beyond) == 0 {
			return nil, nil
		}
		select {
		case <-ctx.Done():
			return describeAll(beyond)
		case <-time.After(pause):
			pause = min(2*pause, 20*time.Millisecond)
		}
	}
}

// describeAll are the objects with what the kernel says of them.
func describeAll(objects []Object) ([]Object, error) {
	all := make([]Object, 0, len(objects))
	for _, o := range objects {
		o, err := o.describe()
		if err != nil {
			return nil, err
		}
		all = append(all, o)
	}
	return all, nil
}
