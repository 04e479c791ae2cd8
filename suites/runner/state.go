// SPDX-License-Identifier: Apache-2.0

package runner

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/loadstone-bpf/loadstone/record"
)

// retire ends a guest that is used for more than one spec, after the one that was last begun.
func (r *run) retire(why string) { r.retired = why }

// lookBefore records how the guest is before the first spec.
func (r *run) lookBefore() {
	if !r.order.Watch {
		return
	}
	state := r.look("", r.patience())
	r.send(state)
	if state.Unclean() != "" {
		r.retire("not as it was before its first spec")
	}
}

// lookAfter records how the guest is after a spec, and retires it if it is not as it was: what the
// next spec found would not be what it finds in a guest of its own.
func (r *run) lookAfter(x *Execution) {
	if !r.order.Watch {
		return
	}
	cleared := x.clear()
	patience := r.patience()
	if x.unsettled {
		patience = 0 // it was waited for already
	}
	state := r.look(x.spec.ID, patience)
	state.Late = r.lateLog()
	if cleared != nil {
		state.Error = strings.TrimPrefix(state.Error+"; "+cleared.Error(), "; ")
	}
	r.send(state)
	if why := state.Unclean(); why != "" {
		r.retire(fmt.Sprintf("after %s: %s", x.spec.ID, why))
	}
}

// patience returns how long a look may wait for what the kernel frees late. It is much less than
// what a loader is given before it has left something: a guest that is retired without need costs a
// clone.
func (r *run) patience() time.Duration { return r.deps.Settle / 8 }

// look makes the record of how the guest is now, or once it is as it was if that takes no longer
// than patience.
func (r *run) look(spec string, patience time.Duration) record.State {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.ctx), patience)
	defer cancel()
	state := record.State{Spec: spec}
	if r.deps.Watch == nil {
		state.Error = "nothing looks at this guest"
		return state
	}
	started := time.Now()
	var err error
	state.Held, state.Changes, err = r.deps.Watch.Look(ctx)
	state.Duration = time.Since(started)
	if err != nil {
		state.Error = err.Error()
	}
	return state
}

// clear removes the spec's own folders: the next spec has others, and these would only add up.
func (x *Execution) clear() error {
	var errs []error
	for _, dir := range []string{x.dirs.Work, x.dirs.BPFFS} {
		if dir != "" {
			errs = append(errs, os.RemoveAll(x.Own(dir)))
		}
	}
	return errors.Join(errs...)
}
