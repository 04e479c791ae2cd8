// SPDX-License-Identifier: Apache-2.0

package report

import (
	"maps"
	"slices"

	"github.com/loadstone-bpf/loadstone/verdict"
)

// Work describes a run ahead of it, as an estimate of its time needs it.
type Work struct {
	Parts []verdict.Part // kernel by kernel, in the order in which the kernels' turns come
	Jobs  int            // guests at once
	CPUs  int            // of the host
	Share int            // how many specs share a guest at most; 1 if 0
	// Again says that a spec which does not pass in a shared guest is run again, alone.
	Again bool
	// Linked are the loaders that are linked into the guest, as Parts name them. The others are
	// processes, which takes longer.
	Linked []string
}

// Planned returns how many verdicts the run owes.
func (w Work) Planned() int {
	sum := 0
	for _, p := range w.Parts {
		sum += p.Specs
	}
	return sum
}

// A Turn describes what one guest is ordered to do.
type Turn struct {
	Worker         int // that started the guest; a worker has one guest at a time
	Loader, Kernel string
	Specs          []string // ids
	Suites         []string // one for each spec
}

// What an estimate assumes before it has seen anything, in seconds or in multiples of each other.
// Each is overruled within a few specs.
const (
	firstToNext     = 4.0 // what a guest's first spec takes, with the guest's start, to one after it
	processToLinked = 2.5 // what a spec takes with a process, to that with a linked loader
	againLinked     = 0.02
	againProcess    = 0.25 // of specs in shared guests

	// trust is how many specs must have been seen for what they took to count as much as what was
	// assumed.
	trust = 4.0
	// The same for what says little sooner: how many are run again, and whether a kernel is faster
	// than others. Kernels hardly differ, and the specs that come first on one are not all like the
	// rest.
	trustAgain, trustKernel = 20.0, 40.0
)

// estimate forecasts how long a run still takes. It knows the plan, is told what happens when, and
// keeps no clock of its own: times are seconds from any fixed moment.
//
// What a spec takes is learned in seconds of a worker, apart for the first spec in a guest, which
// pays for the guest's start, and for those after it (see [tariff]). The forecast then deals what
// is left to the workers as the run itself does: kernel by kernel, as many specs at a time as share
// a guest, to the worker that is free first. So it knows that a kernel's batches wait for its
// template, and that at the end one worker may be left with a whole batch.
type estimate struct {
	work    Work
	kernels []string            // in their order
	cells   map[string][][]part // by kernel, in their order
	left    map[part]int        // verdicts
	done    int                 // verdicts
	owed    map[task]debt       // what will be run again
	turns   map[int]*turn       // by worker
	first   tariff              // specs that are the first in their guest
	next    tariff              // the others
	again   map[string]share    // by loader
	machine pace
	ready   map[string]bool // kernels
	making  string          // kernel; "" for none
	since   float64         // when making began, in the machine's time
	boots   share           // seconds of the machine's time that kernels took to make ready
}

// part identifies what is alike: specs of one suite in one cell.
type part struct{ loader, kernel, suite string }

// task identifies one verdict that is owed.
type task struct{ loader, kernel, spec string }

// debt describes a spec that is to be run again.
type debt struct {
	part   part
	worker int // that ran it, and will again
}

// turn describes a guest that runs.
type turn struct {
	left  map[task]part
	first bool    // no spec has ended
	mark  float64 // when the last one ended, in the machine's time
	alone bool    // it has no other spec
}

// share holds a sum over what was counted.
type share struct{ sum, count float64 }

func (s share) mean() float64 { return s.sum / max(s.count, 1) }

// newEstimate returns the estimate of a run that begins.
func newEstimate(w Work) *estimate {
	w.Jobs, w.Share = max(w.Jobs, 1), max(w.Share, 1)
	e := &estimate{
		work: w, cells: make(map[string][][]part), left: make(map[part]int),
		owed: make(map[task]debt), turns: make(map[int]*turn),
		first: newTariff(w), next: newTariff(w), again: make(map[string]share),
		machine: pace{slots: max(w.Jobs, w.CPUs)}, ready: make(map[string]bool),
	}
	for _, p := range w.Parts {
		if !slices.Contains(e.kernels, p.Kernel) {
			e.kernels = append(e.kernels, p.Kernel)
		}
		id := part{p.Loader, p.Kernel, p.Suite}
		e.left[id] += p.Specs
		cells := e.cells[p.Kernel]
		at := slices.IndexFunc(cells, func(c []part) bool { return c[0].loader == p.Loader })
		if at < 0 {
			e.cells[p.Kernel] = append(cells, []part{id})
		} else if !slices.Contains(cells[at], id) {
			cells[at] = append(cells[at], id)
		}
	}
	return e
}

// pace keeps the machine's time, which goes slower while a kernel is made ready beside guests that
// run: they share the CPUs.
type pace struct {
	slots  int // how many can run as if they were alone
	guests int
	makes  bool
	now    float64 // seconds
	time   float64 // the machine's
}

// at lets the time go on to now, and returns the machine's.
func (p *pace) at(now float64) float64 {
	p.time += max(0, now-p.now) * p.rate()
	p.now = max(p.now, now)
	return p.time
}

func (p *pace) rate() float64 {
	running := p.guests
	if p.makes {
		running++
	}
	return min(1, float64(p.slots)/float64(max(1, running)))
}

// preparing notes that a kernel is being made ready.
func (e *estimate) preparing(kernel string, now float64) {
	e.since, e.making = e.machine.at(now), kernel
	e.machine.makes = true
}

// prepared notes that it is ready, or never will be.
func (e *estimate) prepared(kernel string, now float64) {
	at := e.machine.at(now)
	e.boots.sum += at - e.since
	e.boots.count++
	e.ready[kernel], e.making, e.machine.makes = true, "", false
}

// begin notes that a guest is started.
func (e *estimate) begin(t Turn, now float64) {
	at := e.machine.at(now)
	running := &turn{
		left: make(map[task]part), first: true, mark: at, alone: len(t.Specs) == 1,
	}
	for i, spec := range t.Specs {
		id := task{t.Loader, t.Kernel, spec}
		running.left[id] = part{t.Loader, t.Kernel, t.Suites[i]}
		delete(e.owed, id)
	}
	e.turns[t.Worker] = running
	e.count()
}

// count tells the machine how many guests run.
func (e *estimate) count() {
	e.machine.guests = 0
	for _, t := range e.turns {
		if len(t.left) > 0 {
			e.machine.guests++
		}
	}
}

// verdict notes a verdict.
func (e *estimate) verdict(v verdict.Verdict, now float64) {
	id := task{v.LoaderName(), v.Kernel, v.Spec}
	p := part{id.loader, id.kernel, v.Suite}
	e.left[p] = max(0, e.left[p]-1)
	e.done++
	delete(e.owed, id)
	if d, shared := e.step(id, now); shared {
		e.tried(d.part.loader, 0)
	}
}

// repeat notes that a spec, run in a shared guest, is to be run again.
func (e *estimate) repeat(loader, kernel, spec string, now float64) {
	id := task{loader, kernel, spec}
	if d, shared := e.step(id, now); shared {
		e.tried(loader, 1)
		e.owed[id] = d
	}
}

// tried counts a spec that was run in a shared guest, and whether it will be again.
func (e *estimate) tried(loader string, again float64) {
	s := e.again[loader]
	s.sum, s.count = s.sum+again, s.count+1
	e.again[loader] = s
}

// step notes that a guest is done with a spec. It returns what the spec would owe if it is run
// again, and whether the guest was a shared one.
func (e *estimate) step(id task, now float64) (d debt, shared bool) {
	at := e.machine.at(now)
	for worker, t := range e.turns {
		p, ok := t.left[id]
		if !ok {
			continue
		}
		took := &e.next
		if t.first {
			took = &e.first
		}
		took.see(p, at-t.mark)
		t.first, t.mark = false, at
		delete(t.left, id)
		e.count()
		return debt{p, worker}, !t.alone
	}
	return debt{}, false
}

// remaining returns how many seconds the run still takes. It says nothing before there is something
// to go by.
func (e *estimate) remaining(now float64) (seconds float64, known bool) {
	if !e.first.known() {
		return 0, false
	}
	at := e.machine.at(now)
	cost := e.costs()
	free := e.busy(at, cost)
	unstarted := e.unstarted()

	// The time at which each step of making kernels ready can begin.
	maker, lastStarted := 0.0, 0.0
	for _, kernel := range e.kernels {
		ready := 0.0
		if !e.ready[kernel] {
			began := max(maker, lastStarted)
			ready = began + e.boot(kernel, at, slices.Max(free) > began)
			maker = ready
			// What it takes of the CPUs, the guests beside it lack.
			beside := max(0, min(ready, slices.Max(free))-began)
			lost := beside * (1 - min(1, float64(e.machine.slots)/float64(len(free)+1)))
			for w := range free {
				free[w] += lost
			}
		}
		lastStarted = slices.Min(free)
		for _, cell := range e.cells[kernel] {
			e.deal(free, cell, unstarted, ready, cost)
		}
	}
	return slices.Max(free), true
}

// boot returns how long it still takes to make a kernel ready.
func (e *estimate) boot(kernel string, at float64, beside bool) float64 {
	left := e.boots.mean()
	if kernel == e.making {
		elapsed := at - e.since
		left = max(left-elapsed, elapsed/5) // it is not done, however long others took
	}
	if beside {
		left /= min(1, float64(e.machine.slots)/float64(e.work.Jobs+1))
	}
	return left
}

// busy returns when each worker is done with its guest, and with what that guest owes.
func (e *estimate) busy(at float64, cost costs) []float64 {
	free := make([]float64, e.work.Jobs)
	for worker, t := range e.turns {
		if len(t.left) == 0 || worker >= len(free) {
			continue
		}
		sum, start := 0.0, 0.0
		for _, p := range t.left {
			sum += cost.next(p)
			if !t.alone {
				sum += cost.again(p)
			}
			start += cost.first(p) - cost.next(p)
		}
		if t.first {
			sum += start / float64(len(t.left))
		}
		// What it has been at since the last, though no longer than that ought to take.
		free[worker] = sum - min(at-t.mark, sum/float64(len(t.left)))
	}
	for _, d := range e.owed {
		free[d.worker%len(free)] += cost.first(d.part)
	}
	return free
}

// unstarted returns how many verdicts of each part no guest and no worker has taken on.
func (e *estimate) unstarted() map[part]int {
	all := maps.Clone(e.left)
	for _, t := range e.turns {
		for _, p := range t.left {
			all[p]--
		}
	}
	for _, d := range e.owed {
		all[d.part]--
	}
	return all
}

// maxDeals bounds how many guests of a cell are dealt one by one, about.
const maxDeals = 64

// deal gives what is left of a cell to the workers, from the time when its kernel is ready.
func (e *estimate) deal(
	free []float64, cell []part, unstarted map[part]int, ready float64, cost costs,
) {
	sum, specs := 0.0, 0
	share := e.work.Share
	for _, p := range cell {
		n := max(0, unstarted[p])
		each := cost.next(p) + (cost.first(p)-cost.next(p))/float64(share)
		if share > 1 {
			each += cost.again(p)
		}
		sum, specs = sum+float64(n)*each, specs+n
	}
	size := max(share, specs/maxDeals)
	for left := specs; left > 0; left -= size {
		w := slices.Index(free, slices.Min(free))
		free[w] = max(free[w], ready) + sum*float64(min(size, left))/float64(specs)
	}
}

// costs says what specs take, in seconds of a worker.
type costs struct {
	estimate      *estimate
	firsts, nexts rates
	steps         bool // specs after the first were seen
}

// costs returns what is known now.
func (e *estimate) costs() costs {
	return costs{e, e.first.rates(), e.next.rates(), e.next.known()}
}

// first returns what the first spec of a guest takes.
func (c costs) first(p part) float64 { return c.firsts.of(p) }

// next returns what a later one takes.
func (c costs) next(p part) float64 {
	if !c.steps {
		return c.firsts.of(p) / firstToNext
	}
	return c.nexts.of(p)
}

// again returns what a spec in a shared guest takes on top, because it may be run again.
func (c costs) again(p part) float64 {
	e := c.estimate
	if !e.work.Again {
		return 0
	}
	assumed := againProcess
	if slices.Contains(e.work.Linked, p.loader) {
		assumed = againLinked
	}
	seen := e.again[p.loader]
	return c.first(p) * (seen.sum + trustAgain*assumed) / (seen.count + trustAgain)
}
