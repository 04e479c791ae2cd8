// SPDX-License-Identifier: Apache-2.0

package machine

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"sync"
	"time"
)

// A Meter counts the time that the host gave a process, in which deadlines are counted: that which
// passed, less what others had of the cores that it wanted. On an idle host both are the same, and
// a process that waits for something else than a core is given all of the time.
type Meter struct {
	cpu  func() (CPUTime, error) // what the process got so far
	host func() (float64, error) // runnable tasks per core
	warn func(error)             // told once what the host does not tell

	mu    sync.Mutex
	at    time.Time // of the last look
	last  CPUTime
	blind bool // the host does not tell what a process waits for
	deaf  bool // nor how many tasks it has
	given time.Duration
	load  Load
}

// mostStretch bounds what a meter believes: a deadline comes after this many times its length,
// however busy the host is.
const mostStretch = 64

// lookEvery is how often a meter looks. One look reads a small file per thread of QEMU.
const lookEvery = 500 * time.Millisecond

// newMeter returns a meter of a process that was started at a time.
func newMeter(pid int, started time.Time, log *slog.Logger) *Meter {
	return &Meter{cpu: newThreads(pid).read, host: HostLoad, warn: warnTo(log), at: started}
}

// HostMeter returns a meter that begins now, for processes that it does not know: it counts by the
// number of the host's runnable tasks alone.
func HostMeter(log *slog.Logger) *Meter {
	return &Meter{host: HostLoad, warn: warnTo(log), at: time.Now(), blind: true}
}

// warnTo returns what tells a log, which may be nil, that a meter sees less.
func warnTo(log *slog.Logger) func(error) {
	return func(err error) {
		Options{Log: log}.logger().Warn("time is counted less exactly", "reason", err)
	}
}

// Look reads what happened since the last look.
func (m *Meter) Look(now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	passed := max(0, now.Sub(m.at))
	m.at = now
	got, known := m.readCPU()
	tasks, err := m.host()
	if err == nil {
		m.load.tasks += tasks
		m.load.looks++
	} else if !m.deaf {
		m.deaf = true
		m.warn(err)
	}
	switch {
	case known:
		m.load.CPU = m.load.CPU.add(got)
		m.given += given(passed, got)
	case m.blind:
		m.given += time.Duration(float64(passed) / min(max(1, tasks), mostStretch))
	default: // the process has ended
		m.given += passed
	}
}

// readCPU returns what the process got since the last look, if that is known. Where the host does
// not tell, the meter is blind from then on.
func (m *Meter) readCPU() (got CPUTime, known bool) {
	if m.blind {
		return got, false
	}
	total, err := m.cpu()
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return got, false
	case err != nil:
		m.blind = true
		m.warn(fmt.Errorf("deadlines follow the number of the host's tasks: %w", err))
		return got, false
	}
	got = total.sub(m.last)
	m.last = total
	return got, true
}

// given returns how much of some time a process was given that got so much of the cores meanwhile.
// While none of its threads wanted a core, it is given all. While they did, it is given the part
// that they had of what they wanted; as long as they could have wanted one after the other.
func given(passed time.Duration, got CPUTime) time.Duration {
	wanted := got.Ran + got.Waited
	if wanted <= 0 || got.Waited <= 0 {
		return passed
	}
	busy := min(passed, wanted)
	part := float64(max(0, got.Ran)) / float64(wanted)
	return max(passed-busy+time.Duration(part*float64(busy)), passed/mostStretch)
}

// now returns the time given so far, and that since the last look as if all of it was given.
func (m *Meter) now() time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.given + max(0, time.Since(m.at))
}

// refresh looks where the last look is not just over: a guest with many short specs would else pay
// for each.
func (m *Meter) refresh(now time.Time) {
	m.mu.Lock()
	old := now.Sub(m.at) >= lookEvery/2
	m.mu.Unlock()
	if old {
		m.Look(now)
	}
}

// SoFar returns the time given up to the last look, and the load.
func (m *Meter) SoFar() (time.Duration, Load) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.given, m.load
}

// within returns a context that ends once the process was given d, with [context.DeadlineExceeded]
// as its cause.
func (m *Meter) within(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	silence := m.Silence(d, 0, func() { cancel(context.DeadlineExceeded) })
	return ctx, func() {
		silence.Stop()
		cancel(context.Canceled)
	}
}

// A Silence waits for something that is due again and again. It mirrors the time.Timer of
// time.AfterFunc, but counts the time that a process was given.
type Silence struct {
	meter *Meter
	stop  chan struct{}

	mu  sync.Mutex
	due due
}

// Silence calls over, once, when the process was given limit since now or since the last Reset, and
// no sooner than after atLeast by the clock.
func (m *Meter) Silence(limit, atLeast time.Duration, over func()) *Silence {
	s := &Silence{meter: m, stop: make(chan struct{})}
	s.due = m.due("record", limit)
	s.due.atLeast = atLeast
	go s.watch(min(lookEvery, max(limit/4, time.Millisecond)), over)
	return s
}

func (s *Silence) watch(every time.Duration, over func()) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-s.stop:
			return
		case now := <-tick.C:
			s.meter.Look(now)
			given, _ := s.meter.SoFar()
			s.mu.Lock()
			up := s.due.over(given, now)
			s.mu.Unlock()
			if up {
				over()
				return
			}
		}
	}
}

// Reset begins anew.
func (s *Silence) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	atLeast := s.due.atLeast
	s.due = s.meter.due(s.due.what, s.due.limit)
	s.due.atLeast = atLeast
}

// Stop ends the wait. It must be called once.
func (s *Silence) Stop() { close(s.stop) }

// Load returns how busy the host was since the meter was made.
func (s *Silence) Load() Load {
	s.meter.refresh(time.Now())
	_, load := s.meter.SoFar()
	return load
}
