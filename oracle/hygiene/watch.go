// SPDX-License-Identifier: Apache-2.0

package hygiene

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// Options say what counts beside the kernel's own.
type Options struct {
	// Folders are those whose files count, with all below them that is on the same file system. One
	// that does not exist counts as empty.
	Folders []string

	// Except are paths below Folders, or below a bpffs, that do not count, nor what is below them.
	Except []string
}

// A Watch watches over a kernel. It is not safe for concurrent use.
type Watch struct {
	views  []*compared
	memory *memory
	buffer []byte // of the look before
}

// Begin takes how the kernel is now. What the kernel is still about to free counts as there, and so
// as gone later: nothing should be on its way out.
func Begin(o Options) (w *Watch, err error) {
	w = new(Watch)
	defer func() {
		if err != nil {
			err = fmt.Errorf("begin to watch the kernel: %w", errors.Join(err, w.Close()))
			w = nil
		}
	}()
	if err := startPoller(); err != nil {
		return w, err
	}
	if err := w.open(o); err != nil {
		return w, err
	}
	return w, w.begin()
}

// begin takes how all is now.
func (w *Watch) begin() error {
	for _, v := range w.views {
		if err := v.begin(); err != nil {
			return fmt.Errorf("%s: %w", v.name, err)
		}
	}
	return w.memory.begin()
}

// Renew takes how the kernel is now, in the place of how it was at the beginning. It costs about as
// much as a look, and less than [Begin].
func (w *Watch) Renew() error {
	if err := w.begin(); err != nil {
		return fmt.Errorf("watch the kernel anew: %w", err)
	}
	return nil
}

// open opens the views, each after those that it asks. The views of what this process itself has
// open come last.
func (w *Watch) open(o Options) error {
	mounts := new(mounts)
	processes := new(processes)
	var err error
	if w.memory, err = openMemory(); err != nil {
		return err
	}
	for _, next := range []struct {
		name string
		open func() (view, error)
	}{
		{"BPF objects", openObjects},
		{"mounts", mounts.open},
		{"pins", func() (view, error) { return openPins(mounts, o), nil }},
		{"processes", processes.open},
		{"namespaces", func() (view, error) { return openNamespaces(processes) }},
		{"network", openNetwork},
		{"cgroups", func() (view, error) { return openCgroups() }},
		{"modules", openModules},
		{"settings", openSettings},
		{"this process", openSelf},
		{"files", func() (view, error) { return openFolders(o), nil }},
		{"descriptors", func() (view, error) { return openDescriptors(w.keeps()) }},
	} {
		v, err := next.open()
		if err != nil {
			return fmt.Errorf("%s: %w", next.name, err)
		}
		w.views = append(w.views, &compared{view: v, name: next.name})
	}
	return nil
}

// startPoller has Go's runtime open what it keeps open to wait for files, which it does when the
// first such file is opened: no descriptor of the runtime's shall look like one that was left.
func startPoller() error {
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	return errors.Join(r.Close(), w.Close())
}

// lasting are the kinds of which nothing goes away on its own, whereas the kernel frees the others
// late. What is on its way out beside such a change goes within a moment, or does not matter.
var lasting = []Kind{Pin, Mount, Qdisc, Cgroup, Descriptor, Module, Sysctl, Taint, Self, File}

// moment is how long Look asks again where something lasts.
const moment = 300 * time.Millisecond

// Look says what differs from the beginning. The kernel frees late, and a process that was ended
// dies late: while anything differs Look asks again, until ctx is done, or for a moment where the
// difference is of a kind that lasts.
func (w *Watch) Look(ctx context.Context) (State, error) {
	began := time.Now()
	for pause := time.Millisecond; ; pause = min(2*pause, longestPause(time.Since(began))) {
		state, err := w.look()
		if err != nil {
			return State{}, fmt.Errorf("look at the kernel: %w", err)
		}
		if len(state.Changes) == 0 {
			return state, nil
		}
		lasts := slices.ContainsFunc(state.Changes, func(c Change) bool {
			return slices.Contains(lasting, c.Kind)
		})
		if lasts && time.Since(began) > moment {
			return state, nil
		}
		select {
		case <-ctx.Done():
			return state, nil
		case <-time.After(pause):
		}
	}
}

// longestPause returns how long Look may pause when it has asked for some time. What has not gone
// by then is in no hurry, and each look takes some milliseconds of an emulated machine.
func longestPause(asked time.Duration) time.Duration {
	return max(20*time.Millisecond, asked/10)
}

// look looks once.
func (w *Watch) look() (State, error) {
	held := make(counts, len(Kinds))
	var state State
	for _, v := range w.views {
		var changes []Change
		var err error
		if w.buffer, changes, err = v.look(w.buffer, held); err != nil {
			return State{}, fmt.Errorf("%s: %w", v.name, err)
		}
		state.Changes = append(state.Changes, changes...)
	}
	used, changes, err := w.memory.look()
	if err != nil {
		return State{}, err
	}
	state.Changes = append(state.Changes, changes...)
	if len(state.Changes) > 1 {
		slices.SortStableFunc(state.Changes, func(a, b Change) int {
			return slices.Index(Kinds, a.Kind) - slices.Index(Kinds, b.Kind)
		})
	}
	state.Held = make(map[Kind]int, len(Kinds))
	for i, kind := range Kinds {
		state.Held[kind] = held[i]
	}
	state.Held[Memory] = used
	return state, nil
}

// Close releases what the watch keeps open.
func (w *Watch) Close() error {
	var errs []error
	for _, fd := range w.keeps() {
		errs = append(errs, unix.Close(fd))
	}
	return errors.Join(errs...)
}

// keeps returns the descriptors that the watch keeps open.
func (w *Watch) keeps() []int {
	var all []int
	for _, v := range w.views {
		all = append(all, v.keeps()...)
	}
	if w.memory != nil {
		all = append(all, w.memory.keeps()...)
	}
	return all
}
