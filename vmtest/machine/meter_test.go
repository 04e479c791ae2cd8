// SPDX-License-Identifier: Apache-2.0

package machine

import (
	"context"
	"errors"
	"io/fs"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestGivenTime(t *testing.T) {
	ms := time.Millisecond
	for name, tt := range map[string]struct {
		passed, ran, waited, want time.Duration
	}{
		"wants nothing":           {100 * ms, 0, 0, 100 * ms},
		"has a core":              {100 * ms, 100 * ms, 0, 100 * ms},
		"has two cores":           {100 * ms, 200 * ms, 0, 100 * ms},
		"has a core now and then": {100 * ms, 10 * ms, 0, 100 * ms},
		"waits for a short while": {100 * ms, 5 * ms, 5 * ms, 95 * ms},
		"has an eleventh":         {110 * ms, 10 * ms, 100 * ms, 10 * ms},
		"two have an eleventh":    {110 * ms, 20 * ms, 200 * ms, 10 * ms},
		"one after the other":     {100 * ms, 8 * ms, 80 * ms, 20 * ms},
		"waits all the time":      {640 * ms, 0, 640 * ms, 10 * ms}, // mostStretch
		"counts backwards":        {100 * ms, -5 * ms, -5 * ms, 100 * ms},
		"no time":                 {0, 5 * ms, 5 * ms, 0},
	} {
		got := given(tt.passed, CPUTime{tt.ran, tt.waited})
		if diff := got - tt.want; diff < -ms/100 || diff > ms/100 {
			t.Errorf("%s: %v, want %v", name, got, tt.want)
		}
	}
}

// A host that does not tell what a process waits for is asked how many tasks it has; that it does
// not tell is said once.
func TestAMeterThatSeesLess(t *testing.T) {
	start := time.Unix(100, 0)
	var warnings []string
	m := &Meter{
		cpu:  func() (CPUTime, error) { return CPUTime{}, errNoCPUTime },
		host: func() (float64, error) { return 4, nil },
		warn: func(err error) { warnings = append(warnings, err.Error()) },
		at:   start,
	}
	m.Look(start.Add(time.Second))
	m.Look(start.Add(2 * time.Second))
	given, load := m.SoFar()
	if given != time.Second/2 || load.Stretch() != 4 {
		t.Errorf("given %v, stretch %v, want 500ms and 4", given, load.Stretch())
	}
	m.host = func() (float64, error) { return 0, errors.New("no load") }
	m.Look(start.Add(3 * time.Second))
	m.Look(start.Add(4 * time.Second))
	if given, _ := m.SoFar(); given != 5*time.Second/2 {
		t.Errorf("given %v, want 2.5s: what is not known prolongs nothing", given)
	}
	if len(warnings) != 2 {
		t.Errorf("warnings %q, want two", warnings)
	}
}

func TestAMeterOfAnEndedProcess(t *testing.T) {
	start := time.Unix(100, 0)
	m := &Meter{
		cpu:  func() (CPUTime, error) { return CPUTime{}, fs.ErrNotExist },
		host: func() (float64, error) { return 4, nil },
		warn: func(err error) { t.Errorf("warned: %v", err) },
		at:   start,
	}
	m.Look(start.Add(time.Second))
	if given, _ := m.SoFar(); given != time.Second {
		t.Errorf("given %v, want 1s", given)
	}
}

// crowded returns a meter of a process that always wants one core and has the n-th part of it.
func crowded(n int) *Meter {
	start := time.Now()
	return &Meter{
		cpu: func() (CPUTime, error) {
			passed := time.Since(start)
			return CPUTime{Ran: passed / time.Duration(n), Waited: passed - passed/time.Duration(n)}, nil
		},
		host: func() (float64, error) { return float64(n), nil },
		at:   start,
	}
}

// A deadline passes when the guest was given its time, whatever the clock says, and the reason
// names the limit. A guest that hangs on an idle host is found out as soon as the limit says.
func TestDeadlinesFollowTheHostsLoad(t *testing.T) {
	for name, tt := range map[string]struct {
		tasks     int
		deadlines Deadlines
		ordered   bool
		panicked  bool
		want      time.Duration // by the clock
		cause     Cause
		detail    string
	}{
		"boot, idle":     {1, Deadlines{Boot: 30 * time.Second}, false, false, 30 * time.Second, Hang, "not ready after 30s"},
		"boot, crowded":  {10, Deadlines{Boot: 30 * time.Second}, false, false, 300 * time.Second, Hang, "not ready after 30s (5m0s by the clock)"},
		"record, idle":   {1, Deadlines{Boot: -1, Silence: 20 * time.Second}, true, false, 20 * time.Second, Hang, "no record for 20s"},
		"record, crowds": {10, Deadlines{Boot: -1, Silence: 20 * time.Second}, true, false, 200 * time.Second, Hang, "no record for 20s (3m20s by the clock)"},
		"record, the guest waits longer": {
			1, Deadlines{Boot: -1, Silence: 20 * time.Second, Guest: 50 * time.Second}, true, false,
			50 * time.Second, Hang, "no record for 20s (50s by the clock)",
		},
		"end, crowded":   {10, Deadlines{Boot: -1, Total: time.Minute}, false, false, 10 * time.Minute, Deadline, "not done after 1m0s (10m0s by the clock)"},
		"reset, crowded": {10, Deadlines{Boot: -1}, false, true, 50 * time.Second, Panic, "(and no reset)"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := tt.deadlines
				for _, unset := range []*time.Duration{&d.Boot, &d.Silence, &d.Total} {
					if *unset == 0 {
						*unset = -1
					}
				}
				vm := &VM{
					config: Config{Accel: KVM}, deadlines: d, meter: crowded(tt.tasks),
					process: &process{exited: make(chan struct{})}, stop: make(chan stopReason),
					ready: make(chan struct{}), progress: make(chan struct{}, 1),
					console: &console{panicked: make(chan struct{})},
				}
				if tt.ordered {
					close(vm.ready)
					vm.progressed()
				}
				if tt.panicked {
					vm.console.notice(panicLine + ": a test")
				}
				began := time.Now()
				reason := vm.watch(t.Context())
				if reason.cause != tt.cause || !strings.Contains(reason.detail, tt.detail) {
					t.Errorf("%v, want %s: %s", reason, tt.cause, tt.detail)
				}
				if took := time.Since(began); took < tt.want || took > tt.want+2*lookEvery {
					t.Errorf("found out after %v, want %v", took, tt.want)
				}
			})
		})
	}
}

func TestWithinFollowsTheHostsLoad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := crowded(10)
		ctx, cancel := m.within(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		<-ctx.Done()
		if took := time.Since(began); took < 10*time.Second || took > 11*time.Second {
			t.Errorf("over after %v, want 10s", took)
		}
		if !errors.Is(context.Cause(ctx), context.DeadlineExceeded) {
			t.Errorf("cause %v", context.Cause(ctx))
		}
	})
}

func TestPace(t *testing.T) {
	for given, want := range map[time.Duration]float64{
		0: 1, time.Second: 1, usualBoot: 1, 3 * usualBoot: 3,
	} {
		if got := (boot{Took: time.Hour, Given: given}).pace(); got != want {
			t.Errorf("a boot of %v: pace %v, want %v", given, got, want)
		}
	}
	slow := Deadlines{Silence: time.Second, Guest: time.Second, pace: 3}.withDefaults(TCG)
	want := Deadlines{
		Boot: 360 * time.Second, Silence: 12 * time.Second, Total: 2 * time.Hour,
		Guest: time.Second, pace: 3,
	}
	if slow != want {
		t.Errorf("deadlines of a slow guest %v, want %v", slow, want)
	}
}

func TestSilenceBeginsAnewWithEachReset(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		over := make(chan time.Duration, 2)
		s := crowded(10).Silence(time.Second, 0, func() { over <- time.Since(began) })
		defer s.Stop()
		for range 5 {
			time.Sleep(8 * time.Second)
			s.Reset()
		}
		// What passed since the last look counts as given until the next.
		if took := <-over; took < 50*time.Second || took > 50*time.Second+10*lookEvery {
			t.Errorf("over after %v, want 50s and less than ten looks", took)
		}
		if stretch := s.Load().Stretch(); stretch < 9.9 || stretch > 10.1 {
			t.Errorf("stretch %v, want 10", stretch)
		}
	})
}

func TestSilenceLastsAtLeastAsLongByTheClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		over := make(chan time.Duration, 2)
		s := crowded(1).Silence(time.Second, 5*time.Second, func() { over <- time.Since(began) })
		defer s.Stop()
		s.Reset()
		if took := <-over; took < 5*time.Second || took > 6*time.Second {
			t.Errorf("over after %v, want 5s", took)
		}
	})
}
