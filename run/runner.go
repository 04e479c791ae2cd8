// SPDX-License-Identifier: Apache-2.0

package run

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/loadstone-bpf/loadstone/record"
	"github.com/loadstone-bpf/loadstone/verdict"
)

// attempts gives how many guests a spec gets to begin in. A spec that began is never run again by
// itself: what it did is what counts. Only where a limit passed because the host was busier than
// the limit allows for, it is, as then nothing is known of what it did.
const attempts = 3

// starvedAttempts gives how many guests more a spec gets that the host gave too little of its time.
const starvedAttempts = 3

// An Observer follows how a run goes on. Its methods are called from one goroutine at a time.
type Observer interface {
	// Preparing says that a kernel is being made ready; Prepared that it is, or why it is not. A
	// kernel that died before it was ready is made ready once more: both are called again.
	Preparing(kernel string)
	Prepared(kernel string, took time.Duration, err error)

	// Began is called before a guest is started.
	Began(t Turn)

	// Again says that a spec did not pass in a guest that others had used, and will be run again in
	// one of its own: its verdict is to come.
	Again(c verdict.Cell, spec record.Spec)

	// Verdict is called for each verdict after it was written.
	Verdict(v verdict.Verdict)
}

// A Turn describes what one guest is ordered to do.
type Turn struct {
	Worker int // of the run's [Plan.Jobs], from 0; a worker has one guest at a time
	Cell   verdict.Cell
	Specs  []record.Spec
}

// A Sink takes verdicts. [verdict.Writer] is one.
type Sink interface {
	Write(v verdict.Verdict) error
}

// Do carries out the plan. Each verdict is written to sink and then shown to observer. When ctx
// ends, guests that run are ended, what they had not finished has no verdict, and the error is
// ctx's cause. Any other error is one of sink, or of the plan; a kernel that cannot be made ready
// is not an error: its specs have verdicts that say so.
func (p Plan) Do(ctx context.Context, sink Sink, observer Observer) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	r := &runner{plan: p, sink: sink, observer: observer, stop: stop, queue: newQueue(ctx)}

	var workers sync.WaitGroup
	for worker := range max(1, p.Jobs) {
		workers.Go(func() { r.work(ctx, worker) })
	}
	r.feed(ctx)
	workers.Wait()
	return context.Cause(ctx)
}

// runner describes a plan being carried out.
type runner struct {
	plan     Plan
	sink     Sink
	observer Observer
	stop     context.CancelCauseFunc
	queue    *queue
	guests   atomic.Int64 // begun so far

	mu sync.Mutex // held while sink and observer are called
}

// feed makes one kernel after the other ready and queues its batches. The next kernel is made ready
// while the batches of the one before it still run: a boot does not use all of a machine.
func (r *runner) feed(ctx context.Context) {
	defer r.queue.close()
	for _, k := range r.plan.Kernels {
		if ctx.Err() != nil {
			return
		}
		for _, l := range r.plan.Loaders {
			_, not := r.plan.asked(cell{k, l})
			for _, v := range not {
				r.write(v)
			}
		}
		batches := r.plan.batches(k)
		if len(batches) == 0 {
			continue
		}
		err := r.prepare(ctx, k)
		if err != nil {
			for _, b := range batches {
				r.unprepared(ctx, b, err)
			}
			continue
		}
		r.queue.drained() // the batches of one kernel wait at most
		r.queue.add(batches)
	}
}

// prepare makes a kernel ready. One that dies in its boot is booted once more: an emulated
// processor may run code that is being patched, which no real one does (int3 of text_poke under
// TCG). That it died is told either way.
func (r *runner) prepare(ctx context.Context, k Kernel) error {
	err := r.prepareOnce(ctx, k)
	if ctx.Err() == nil && diedInBoot(err) {
		err = r.prepareOnce(ctx, k)
	}
	return err
}

func (r *runner) prepareOnce(ctx context.Context, k Kernel) error {
	r.tell(func() { r.observer.Preparing(k.Name()) })
	started := time.Now()
	err := k.Prepare(ctx)
	if ctx.Err() == nil {
		r.tell(func() { r.observer.Prepared(k.Name(), time.Since(started), err) })
	}
	return err
}

func (r *runner) tell(what func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	what()
}

// work takes batches until there are no more.
func (r *runner) work(ctx context.Context, worker int) {
	for {
		b, ok := r.queue.take()
		if !ok {
			return
		}
		r.tell(func() { r.observer.Began(Turn{worker, b.identity(), b.specs}) })
		r.queue.done(r.carryOut(ctx, b))
	}
}

// carryOut has a guest run a batch, judges what it left, and returns what is to be run because of
// it: what the guest owes, and each spec of a watched guest that did not pass.
//
// A spec is judged as soon as the guest begins the next one: nothing that comes later counts for or
// against it (see [verdict.Judge]), and its verdict need not wait for the rest of a long batch.
func (r *runner) carryOut(ctx context.Context, b batch) []batch {
	var more []batch
	evidence := verdict.Evidence{Ordered: b.ids(), Watched: b.watched}
	number := int(r.guests.Add(1))
	judged := make(map[string]bool)
	judge := func(s record.Spec) {
		judged[s.ID] = true
		v := verdict.Judge(r.plan.expected(b, s), evidence)
		if v.Guest != nil {
			v.Guest.Number = number
		}
		if b.watched && !r.plain(v) {
			more = append(more, b.alone(s, v))
			r.tell(func() { r.observer.Again(v.Cell, s) })
			return
		}
		if starved(v) && b.starved < starvedAttempts {
			more = append(more, b.again(s))
			r.tell(func() { r.observer.Again(v.Cell, s) })
			return
		}
		v.Starved = b.starved
		r.writeWith(v.With(b.shared), evidence)
	}
	running, begun := "", 0
	started := time.Now()
	payload, err := b.payload(r.plan)
	if err != nil {
		r.stop(fmt.Errorf("pack objects for a guest: %w", err))
		return nil
	}
	evidence.Ending = b.kernel.Run(ctx, b.order(r.plan), payload, func(h verdict.Heard) {
		evidence.Heard = append(evidence.Heard, h)
		begin, ok := h.Record.(record.Begin)
		if !ok || begin.Spec == running {
			return
		}
		if begun > 0 && (begun == len(b.specs) || begin.Spec != b.specs[begun].ID) {
			return // not as ordered: what runs is held to all that follows
		}
		begun++
		evidence.Ended, evidence.Took = time.Now(), time.Since(started)
		for _, s := range b.specs {
			if s.ID == running && !judged[s.ID] {
				judge(s)
			}
		}
		running = begin.Spec
	})
	if ctx.Err() != nil {
		return nil
	}
	evidence.Ended, evidence.Took = time.Now(), time.Since(started)

	owed := r.owed(b, evidence)
	for _, s := range b.specs {
		if !judged[s.ID] && !slices.Contains(owed.specs, s) {
			judge(s)
		}
	}
	if len(owed.specs) > 0 {
		more = append(more, owed)
	}
	return more
}

// owed returns the specs that another guest has to run, because this one ended before them. Only
// guests in which nothing began at all are counted as attempts.
func (r *runner) owed(b batch, evidence verdict.Evidence) batch {
	again := batch{cell: b.cell, attempt: 1, starved: b.starved, shared: b.shared}
	ids := verdict.Owed(evidence)
	if len(ids) == len(b.specs) {
		again.attempt = b.attempt + 1
	}
	if again.attempt > attempts {
		return again
	}
	for _, s := range b.specs {
		if slices.Contains(ids, s.ID) {
			again.specs = append(again.specs, s)
		}
	}
	again.watched = b.watched && len(again.specs) > 1
	return again
}

// plain reports whether a verdict is a pass, and no expectation makes anything else of it.
func (r *runner) plain(v verdict.Verdict) bool {
	if r.plan.Expectations != nil {
		v = r.plan.Expectations.Apply(v)
	}
	return v.Kind == verdict.Pass
}

// write applies the expectations to a verdict and hands it on.
func (r *runner) write(v verdict.Verdict) { r.writeWith(v, verdict.Evidence{}) }

// writeWith does what write does, for a verdict that was made of evidence.
func (r *runner) writeWith(v verdict.Verdict, evidence verdict.Evidence) {
	if r.plan.Expectations != nil {
		v = r.plan.Expectations.Apply(v)
	}
	r.tell(func() {
		if r.plan.Trail != nil && v.Kind != verdict.Pass && len(evidence.Heard) > 0 {
			r.plan.Trail(v, verdict.TrailOf(v.Spec, evidence))
		}
		if err := r.sink.Write(v); err != nil {
			r.stop(fmt.Errorf("run: %w", err))
			return
		}
		r.observer.Verdict(v)
	})
}

// unprepared gives every spec of a batch the verdict that its kernel could not be made ready.
func (r *runner) unprepared(ctx context.Context, b batch, err error) {
	if ctx.Err() != nil {
		return
	}
	evidence := verdict.Evidence{Ordered: b.ids(), Ending: notReady(err), Ended: time.Now()}
	for _, s := range b.specs {
		r.write(verdict.Judge(r.plan.expected(b, s), evidence))
	}
}
