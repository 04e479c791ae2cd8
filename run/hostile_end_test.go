// SPDX-License-Identifier: Apache-2.0

package run

import (
	"context"
	"testing"
	"time"

	"github.com/loadstone-bpf/loadstone/record"
	"github.com/loadstone-bpf/loadstone/verdict"
	"github.com/loadstone-bpf/loadstone/vmtest/machine"
)

// A guest that idles for 20 s in a hang, and waited a fifth of a second for a core, counts as
// starved.
func TestIdleHangIsStarved(t *testing.T) {
	var l machine.Load
	l.CPU.Ran, l.CPU.Waited = 50*time.Millisecond, 200*time.Millisecond
	v := verdict.Verdict{Kind: verdict.Broken, Overrun: &verdict.Overrun{Of: "request", LimitMS: 20000, Load: loadOf(l, 2)}}
	if starved(v) {
		t.Errorf("stretch %.1f: 0.2 s of 20 s waited, and the hang is the host's", l.Stretch())
	}
}

// Interrupted among re-runs: no verdict, an error.
func TestInterruptedIsIncomplete(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	k := &fakeKernel{name: "6.12", own: true}
	k.run = func(o record.Order, hear func(verdict.Heard)) verdict.Ending {
		if len(o.Specs) == 1 {
			cancel()
			return verdict.Ending{Cause: verdict.Interrupted}
		}
		return watchedGuest{fails: "a.03"}.run(o, hear)
	}
	c := &collector{t: t}
	err := autoPlan(4, k).Do(ctx, c, c)
	if err == nil || len(c.all) != 3 {
		t.Errorf("%v with %d verdicts", err, len(c.all))
	}
}

// Nothing proved is ever ended: count guests.
func TestNoEndlessLoop(t *testing.T) {
	for name, f := range map[string]func(o record.Order, say func(record.Record)) verdict.Ending{
		"always retired": func(o record.Order, say func(record.Record)) verdict.Ending {
			say(record.Accepted{Specs: len(o.Specs)})
			say(record.End{Retired: "x"})
			return verdict.Ending{Cause: verdict.PoweredOff}
		},
		"retired after a ghost": func(o record.Order, say func(record.Record)) verdict.Ending {
			say(record.Begin{Spec: "ghost"})
			say(record.End{Retired: "x"})
			return verdict.Ending{Cause: verdict.PoweredOff}
		},
		"one at a time": func(o record.Order, say func(record.Record)) verdict.Ending {
			say(record.Begin{Spec: o.Specs[len(o.Specs)-1]})
			return verdict.Ending{Cause: verdict.Died}
		},
	} {
		k := &fakeKernel{name: "6.12", own: true}
		k.run = func(o record.Order, hear func(verdict.Heard)) verdict.Ending {
			return f(o, func(r record.Record) { hear(verdict.Heard{Record: r}) })
		}
		c := &collector{t: t}
		if err := autoPlan(4, k).Do(t.Context(), c, c); err != nil || len(c.all) != 4 {
			t.Error(err, len(c.all))
		}
		t.Log(name, len(k.orders))
	}
}
