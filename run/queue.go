// SPDX-License-Identifier: Apache-2.0

package run

import (
	"context"
	"sync"
)

// A queue holds the batches that wait for a worker. What comes out of a batch is run before what
// waits already, by whichever worker is free first.
type queue struct {
	mu      sync.Mutex
	changed *sync.Cond
	waiting []batch
	running int  // batches that were taken and not given back
	closed  bool // nothing more is added
	ended   bool // nothing more is handed out
}

// newQueue returns a queue that ends with ctx.
func newQueue(ctx context.Context) *queue {
	q := new(queue)
	q.changed = sync.NewCond(&q.mu)
	context.AfterFunc(ctx, func() { q.change(func() { q.ended = true }) })
	return q
}

func (q *queue) change(what func()) {
	q.mu.Lock()
	defer q.mu.Unlock()
	what()
	q.changed.Broadcast()
}

// add puts batches behind those that wait.
func (q *queue) add(batches []batch) {
	q.change(func() { q.waiting = append(q.waiting, batches...) })
}

// close says that nothing more will be added.
func (q *queue) close() { q.change(func() { q.closed = true }) }

// drained waits until no batch waits, or the queue has ended.
func (q *queue) drained() {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.waiting) > 0 && !q.ended {
		q.changed.Wait()
	}
}

// take returns the next batch, once there is one. It returns false when there can be none any more.
// Each batch that is taken must be given back with done.
func (q *queue) take() (batch, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.waiting) == 0 && !q.ended && (q.running > 0 || !q.closed) {
		q.changed.Wait()
	}
	if len(q.waiting) == 0 || q.ended {
		return batch{}, false
	}
	b := q.waiting[0]
	q.waiting = q.waiting[1:]
	q.running++
	q.changed.Broadcast() // it may be drained
	return b, true
}

// done gives a batch back, with what is to be run because of it.
func (q *queue) done(more []batch) {
	q.change(func() {
		q.running--
		q.waiting = append(more, q.waiting...)
	})
}
