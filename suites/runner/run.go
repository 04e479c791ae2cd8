// SPDX-License-Identifier: Apache-2.0

package runner

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/oracle"
	"github.com/loadstone-bpf/loadstone/record"
	"github.com/loadstone-bpf/loadstone/requirements"
)

var (
	// ErrOrder is wrapped by the error about an order that cannot be carried out.
	ErrOrder = errors.New("impossible order")

	// ErrStuck is wrapped by the error about a spec that did not end when its time was up, so that
	// nothing can be run after it.
	ErrStuck = errors.New("spec is stuck")
)

// Run carries out an order: it runs the specs that are ordered, in that order, and sends their
// records. The last is [record.End], which is not sent where Run returns an error. A spec that
// fails is no error; an order that cannot be carried out is, wrapping [ErrOrder], and so is a spec
// that does not end, wrapping [ErrStuck]: the records sent before it are good, and the process
// cannot run another order.
//
// Run uses Ginkgo's global state: one run at a time.
func Run(ctx context.Context, order record.Order, deps Deps) error {
	set, err := requirements.Read()
	if err != nil {
		return err
	}
	return carryOut(ctx, order, deps, registered, set)
}

func carryOut(
	ctx context.Context, order record.Order, deps Deps, specs []Spec, set *requirements.Set,
) error {
	r, err := newRun(ctx, order, deps, specs, set)
	if err != nil {
		return err
	}
	r.send(record.Accepted{Specs: len(order.Specs)})
	r.lookBefore()
	r.underGinkgo()
	return r.conclude()
}

// conclude sends the last record, if all specs ended.
func (r *run) conclude() error {
	if r.err != nil {
		return r.err
	}
	owed := len(r.order.Specs)
	if r.retired != "" {
		owed = r.begun
	}
	if r.finished != owed-r.vanished {
		return fmt.Errorf("%d of %d specs ended", r.finished, owed)
	}
	end := record.End{Specs: r.finished}
	if r.begun > 0 {
		end.Late = r.late()
	}
	if r.begun < len(r.order.Specs) {
		end.Retired = r.retired
	}
	r.send(end)
	return r.err
}

// A run carries out one order.
type run struct {
	ctx    context.Context
	order  record.Order
	deps   Deps
	specs  []Spec
	set    *requirements.Set
	kernel loader.Kernel

	current   *Execution // of the spec that runs
	begun     int        // specs
	stuck     bool       // the spec's body did not end
	gcPercent int        // outside of specs
	finished  int        // records of that name sent
	vanished  int
	retired   string // why no more specs are begun
	taint     uint64 // of the kernel, when its log was last read

	sending sync.Mutex // a spec that is stuck may be sending while its end is sent
	err     error      // ends the run; under sending
}

func newRun(
	ctx context.Context, order record.Order, deps Deps, specs []Spec, set *requirements.Set,
) (*run, error) {
	r := &run{ctx: ctx, order: order, deps: deps.within(order.Limits), set: set}
	var err error
	if r.specs, err = ordered(order.Specs, specs); err != nil {
		return nil, err
	}
	if r.kernel.Release, r.kernel.Arch, err = oracle.Release(); err != nil {
		return nil, err
	}
	if r.deps.Taint == nil {
		r.deps.Taint = oracle.Taint
	}
	if r.deps.Kconfig == nil {
		r.deps.Kconfig = oracle.Kconfig
	}
	return r, nil
}

// ordered returns the specs of those ids. The error joins one for each id that no spec has, or that
// is ordered twice.
func ordered(ids []string, all []Spec) ([]Spec, error) {
	var specs []Spec
	var problems []error
	for i, id := range ids {
		at := slices.IndexFunc(all, func(s Spec) bool { return s.is(id) })
		switch {
		case at < 0:
			problems = append(problems, fmt.Errorf("%w: no spec is named %s", ErrOrder, id))
		case slices.Contains(ids[:i], id):
			problems = append(problems, fmt.Errorf("%w: spec %s is ordered twice", ErrOrder, id))
		default:
			spec := all[at]
			spec.ID = id
			specs = append(specs, spec)
		}
	}
	if len(ids) == 0 {
		problems = append(problems, fmt.Errorf("%w: no specs", ErrOrder))
	}
	return specs, errors.Join(problems...)
}

// send sends a record. After an error nothing more is sent, and no spec is begun.
func (r *run) send(rec record.Record) {
	r.sending.Lock()
	defer r.sending.Unlock()
	if r.err != nil {
		return
	}
	if err := r.deps.Records(rec); err != nil {
		r.err = fmt.Errorf("send record: %w", err)
	}
}

// stop ends the run with the first error.
func (r *run) stop(err error) {
	r.sending.Lock()
	defer r.sending.Unlock()
	if r.err == nil {
		r.err = err
	}
}

// farewell returns how long a spec may take to give everything up: it closes, resets, waits for the
// kernel, and says bye.
func (r *run) farewell() time.Duration {
	return r.deps.Settle + 3*max(r.order.Limits.Request, 10*time.Second)
}

// greet records what the loader said of itself. Its claims are in the step before.
func (r *run) greet(hello *loader.OK) {
	r.send(record.Greeting{
		Name: hello.Loader.Name, Version: hello.Loader.Version, Components: hello.Loader.Components,
	})
}

// perform runs the body of a spec that has begun. What comes after the body is [Execution.finish].
func (x *Execution) perform() {
	x.checkNeeds()
	if !x.spec.Hidden {
		x.first.mustBegin()
	}
	x.spec.Body(x)
}

func (r *run) begin(ctx context.Context, spec Spec) *Execution {
	r.begun++
	x := &Execution{spec: spec, run: r, ctx: loader.WithSpec(ctx, spec.ID), began: time.Now()}
	x.requirement, _ = r.set.ForSpec(spec.ID)
	x.first = &Conversation{exec: x, number: 1, in: x.requirement.SurroundingsOf(spec.ID)}
	r.current = x
	if r.deps.Log != nil && r.begun == 1 {
		r.send(record.Begin{Spec: spec.ID})
		x.logError = r.markLog() // before the first: after it nothing may be forgotten
	} else {
		r.send(record.Begin{Spec: spec.ID, Late: r.late()})
	}
	if err := x.prepare(strconv.Itoa(r.begun)); err != nil {
		x.Broken("%v", err)
	}
	return x
}
