// SPDX-License-Identifier: Apache-2.0

package run

import (
	"log/slog"
	"math"
	"sync"
	"time"

	"github.com/loadstone-bpf/loadstone/record"
	"github.com/loadstone-bpf/loadstone/verdict"
	"github.com/loadstone-bpf/loadstone/vmtest/machine"
)

const (
	// usualLoad is the load for which a plan's limits are long enough as they are: that of a run of
	// our own on a host that does nothing else.
	usualLoad = 2

	// mostLoad bounds what limits are made longer by.
	mostLoad = 32

	// tolerance is how far beyond what its limits allow for a guest may be slowed and still be held
	// to them. The limits are many times what a spec takes.
	tolerance = 1.5
)

// limits returns base, made longer for a guest that is pace times as slow as usual, on a host that
// is so busy that everything takes load times as long. They are never shorter than base, and longer
// by halves, so that a reader who compares two reasons sees the same limit in most.
func limits(base record.Limits, pace, load float64) record.Limits {
	return base.Times(math.Ceil(2*max(1, pace)*allowed(load)/usualLoad) / 2)
}

// allowed returns the load that limits allow for which were made for a load.
func allowed(load float64) float64 { return min(max(load, usualLoad), mostLoad) }

// OnThisHost returns base, made longer for how busy this machine is now, for what is run on it. A
// machine that does not say how busy it is, is told to log.
func OnThisHost(base record.Limits, log *slog.Logger) record.Limits {
	return limits(base, 1, new(loadWatch).now(log))
}

// starved reports whether a verdict is what it is because a limit passed in a guest that the host
// slowed by more than its limits allow for. It says nothing of the loader then: the spec has to be
// run again. The limits of that guest follow the load that this one had, since a lab remembers it.
// What the kernel complained of meanwhile is a verdict, whatever else passed. Where the kernel had
// not freed everything in time, the verdict is that the loader failed.
func starved(v verdict.Verdict) bool {
	o := v.Overrun
	if o == nil || v.Kind != verdict.Broken && v.Kind != verdict.Fail || len(v.Splats) > 0 {
		return false
	}
	// One that hangs hardly runs, so that its stretch says little: it must have waited, too.
	if o.WaitedMS > 0 && 3*o.WaitedMS < o.LimitMS {
		return false
	}
	return v.Overrun.Stretch > tolerance*allowed(v.Overrun.Allowed)
}

// guestDeadline returns how long a guest may wait for a loader before it says so itself, and a
// request's limit to end the loader.
func guestDeadline(l record.Limits) time.Duration { return l.Patience() + l.Request }

// A loadWatch knows how busy the host is, by what it is now and by what recent guests saw: a guest
// that is started in a quiet moment of a busy host has to live through the next.
type loadWatch struct {
	host func() (float64, error) // nil for that of this machine

	once sync.Once
	mu   sync.Mutex
	seen float64
}

// now returns how many times as long everything takes that is started now. A host that does not say
// is told to log, once; nil discards it.
func (w *loadWatch) now(log *slog.Logger) float64 {
	host := w.host
	if host == nil {
		host = machine.HostLoad
	}
	tasks, err := host()
	if err != nil && log != nil {
		w.once.Do(func() { log.Warn("limits do not follow the host's load", "error", err) })
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return max(1, tasks, w.seen)
}

// saw takes in how many times as long everything took in a guest. It forgets by half with each.
func (w *loadWatch) saw(stretch float64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen = max(stretch, w.seen/2)
}

// loadOf returns a load as verdicts take it, in a guest whose limits were made for a load.
func loadOf(l machine.Load, made float64) verdict.Load {
	return verdict.Load{
		Stretch: l.Stretch(), Tasks: l.Tasks(), Allowed: allowed(made),
		WaitedMS: l.CPU.Waited.Milliseconds(),
	}
}
