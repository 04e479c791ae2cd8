// SPDX-License-Identifier: Apache-2.0

package machine

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"time"
)

// A meter counts the time that the host gave a process, in which deadlines are counted: that which
// passed, less what others had of the cores that it wanted. On an idle host both are the same, and
// a process that waits for something else than a core is given all of the time.
type meter struct {
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
func newMeter(pid int, started time.Time, warn func(error)) *meter {
	return &meter{cpu: newThreads(pid).read, host: HostLoad, warn: warn, at: started}
}

// look reads what happened since the last look.
func (m *meter) look(now time.Time) {
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
func (m *meter) readCPU() (got CPUTime, known bool) {
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
func (m *meter) now() time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.given + max(0, time.Since(m.at))
}

// soFar returns the time given up to the last look, and the load.
func (m *meter) soFar() (time.Duration, Load) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.given, m.load
}

// within returns a context that ends once the process was given d, with [context.DeadlineExceeded]
// as its cause.
func (m *meter) within(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	from := m.now()
	go func() {
		tick := time.NewTicker(min(lookEvery, max(d/4, time.Millisecond)))
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case now := <-tick.C:
				m.look(now)
				if given, _ := m.soFar(); given-from >= d {
					cancel(context.DeadlineExceeded)
					return
				}
			}
		}
	}()
	return ctx, func() { cancel(context.Canceled) }
}
