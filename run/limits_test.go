// SPDX-License-Identifier: Apache-2.0

package run

import (
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/loadstone-bpf/loadstone/record"
	"github.com/loadstone-bpf/loadstone/verdict"
	"github.com/loadstone-bpf/loadstone/vmtest/machine"
)

func TestLimitsFollowPaceAndLoad(t *testing.T) {
	base := record.Limits{Request: 20 * time.Second, Spec: time.Minute}
	for name, tt := range map[string]struct {
		pace, load float64
		want       float64 // times base
	}{
		"usual":               {1, 2, 1},
		"fast and idle":       {0.2, 0, 1},
		"busy":                {1, 12, 6},
		"slow":                {3, 1, 3},
		"a little slow":       {1.01, 1, 1.5},
		"a little busy":       {1, 2.7, 1.5},
		"slow and busy":       {3, 12, 18},
		"more than is bound":  {1, 1000, 16},
		"more than tasks say": {1, 33, 16},
	} {
		if got := limits(base, tt.pace, tt.load); got != base.Times(tt.want) {
			t.Errorf("%s: %v, want %v", name, got, base.Times(tt.want))
		}
	}
	if got := limits(record.Limits{}, 3, 12); got != (record.Limits{}) {
		t.Errorf("no limits became %v", got)
	}
}

// A limit that passed in a guest that was slowed by more than its limits allow for says nothing;
// one that passed on a host as busy as was known, or idle, does.
func TestStarved(t *testing.T) {
	overrun := func(stretch, made float64) *verdict.Overrun {
		return &verdict.Overrun{
			Of: "request", LimitMS: 20000, Load: verdict.Load{Stretch: stretch, Allowed: made},
		}
	}
	for name, tt := range map[string]struct {
		overrun *verdict.Overrun
		want    bool
	}{
		"no limit passed":       {nil, false},
		"idle":                  {overrun(1.1, 2), false},
		"our own load":          {overrun(2.5, 2), false},
		"busy, not known":       {overrun(11, 2), true},
		"busy, known":           {overrun(11, 11), false},
		"busier than was known": {overrun(24, 11), true},
		"unknown":               {overrun(0, 2), false},
		"no limits made":        {overrun(3.5, 0), true},
		"more than is bound":    {overrun(60, 40), true},
	} {
		if got := starved(verdict.Verdict{Kind: verdict.Broken, Overrun: tt.overrun}); got != tt.want {
			t.Errorf("%s: %t, want %t", name, got, tt.want)
		}
	}
}

// What the kernel has not freed in time fails the spec, and blames the loader for the host's load.
func TestALeakThatAStarvedGuestSawIsLookedForAgain(t *testing.T) {
	settle := &verdict.Overrun{Of: "settle", LimitMS: 15000, Load: verdict.Load{
		Stretch: 11, Allowed: 2, WaitedMS: 14000,
	}}
	for _, tt := range []struct {
		verdict verdict.Verdict
		want    bool
	}{
		{verdict.Verdict{Kind: verdict.Fail, Overrun: settle}, true},
		{verdict.Verdict{Kind: verdict.Fail}, false},
		{verdict.Verdict{Kind: verdict.Fail, Overrun: settle, Splats: []verdict.Splat{{ID: "bug"}}}, false},
		{verdict.Verdict{Kind: verdict.Crash, Overrun: settle}, false},
	} {
		if got := starved(tt.verdict); got != tt.want {
			t.Errorf("%+v: %t, want %t", tt.verdict, got, tt.want)
		}
	}
}

// The limits of the next guest follow what the last one saw, and less so with each after it.
func TestLoadWatchRemembers(t *testing.T) {
	tasks := 1.5
	w := &loadWatch{host: func() (float64, error) { return tasks, nil }}
	follows := func(want float64) {
		t.Helper()
		if got := w.now(nil); got != want {
			t.Errorf("load %v, want %v", got, want)
		}
	}
	follows(1.5)
	w.saw(12)
	follows(12)
	tasks = 20
	follows(20)
	tasks = 0
	for _, want := range []float64{6, 3, 1.5, 1.25, 1.25} {
		w.saw(1.25)
		follows(want)
	}
	w.saw(0.5)
	w.saw(0)
	follows(1)
}

func TestLoadWatchOfAHostThatDoesNotTell(t *testing.T) {
	var said strings.Builder
	log := slog.New(slog.NewTextHandler(&said, nil))
	w := &loadWatch{host: func() (float64, error) { return 0, errors.New("no loadavg") }}
	w.saw(5)
	if got := []float64{w.now(log), w.now(log)}; got[0] != 5 || got[1] != 5 {
		t.Errorf("load %v, want what the last guest saw, 5", got)
	}
	if strings.Count(said.String(), "no loadavg") != 1 {
		t.Errorf("said %q, want the error once", said.String())
	}
}

// A guest that idles in a hang hardly runs, so that a moment's wait stretches what it ran by much.
func TestAnIdleHangIsNoStarvation(t *testing.T) {
	var l machine.Load
	l.CPU.Ran, l.CPU.Waited = 50*time.Millisecond, 200*time.Millisecond
	v := verdict.Verdict{Kind: verdict.Broken, Overrun: &verdict.Overrun{
		Of: "request", LimitMS: 20000, Load: loadOf(l, 2),
	}}
	if starved(v) {
		t.Errorf("slowed %.1f times, and it waited 0.2 s of 20", l.Stretch())
	}
}
