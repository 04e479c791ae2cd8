// SPDX-License-Identifier: Apache-2.0

package run

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/loadstone-bpf/loadstone/record"
	"github.com/loadstone-bpf/loadstone/verdict"
)

func errOf(all []verdict.Verdict) error {
	f := &verdict.File{Verdicts: all, End: &verdict.End{Complete: true}}
	f.Run.Planned = len(all)
	return f.Err()
}

type custom func(order record.Order, n int, id string, among bool, say func(record.Record), hear func(verdict.Heard)) (*verdict.Ending, bool)

// guest runs every spec well, unless do handles it (second return).
func advGuest(do custom) func(record.Order, func(verdict.Heard)) verdict.Ending {
	return func(order record.Order, hear func(verdict.Heard)) verdict.Ending {
		say := func(r record.Record) { hear(verdict.Heard{Record: r}) }
		say(record.Accepted{Specs: len(order.Specs)})
		if order.Watch {
			say(record.State{})
		}
		for n, id := range order.Specs {
			e, handled := do(order, n, id, len(order.Specs) > 1, say, hear)
			if e != nil {
				return *e
			}
			if handled {
				continue
			}
			say(record.Begin{Spec: id})
			say(record.KernelLog{Spec: id})
			say(record.Finish{Spec: id, Outcome: record.Passed})
			if order.Watch {
				say(record.State{Spec: id})
			}
		}
		say(record.End{Specs: len(order.Specs)})
		return verdict.Ending{Cause: verdict.PoweredOff}
	}
}

func advDo(t *testing.T, p Plan) []verdict.Verdict {
	c := &collector{t: t}
	if err := p.Do(t.Context(), c, c); err != nil {
		t.Fatal(err)
	}
	return c.all
}

func show(t *testing.T, all []verdict.Verdict) {
	for _, v := range all {
		s := "-"
		if v.Shared != nil {
			s = fmt.Sprintf("%+v", *v.Shared)
		}
		t.Logf("%s %s %q attempt=%d splats=%d console=%d shared=%s", v.Spec, v.Kind, v.Reason, v.Attempt, len(v.Splats), len(v.Console), s)
	}
	t.Logf("exit error: %v", errOf(all))
}

const kasan = "1,2,3,-;BUG: KASAN: use-after-free in bpf_prog_free+0x1/0x2"
const ubsan = "1,2,3,-;UBSAN: shift-out-of-bounds in kernel/bpf/verifier.c:1"

// 1: kernel panics / splats in a shared guest: exit 0.
func TestCrashAmongOthersExitsClean(t *testing.T) {
	k := &fakeKernel{name: "6.12", own: true, run: watchedGuest{panics: "a.03"}.run}
	all := advDo(t, autoPlan(4, k))
	show(t, all)
	if errOf(all) == nil {
		t.Error("WRONG GREEN: the kernel panicked, the run is clean")
	}
}

// 1b: the splat of spec 1 shows up after its state (RCU): in a guest of its own it answers for it.
func TestLateSplat(t *testing.T) {
	for _, iso := range []Isolation{Auto, BySpec} {
		k := &fakeKernel{name: "6.12", own: true}
		late := ""
		k.run = advGuest(func(o record.Order, n int, id string, among bool, say func(record.Record), _ func(verdict.Heard)) (*verdict.Ending, bool) {
			var lines []string
			if n > 0 && o.Specs[n-1] == "a.01" {
				lines, late = []string{kasan}, id
			}
			say(record.Begin{Spec: id})
			say(record.KernelLog{Spec: id, Lines: lines})
			say(record.Finish{Spec: id, Outcome: record.Passed})
			if o.Watch {
				say(record.State{Spec: id})
			}
			if id == "a.01" && n == len(o.Specs)-1 { // last: only on the console
				say(record.End{Specs: n + 1})
				return &verdict.Ending{Cause: verdict.PoweredOff, Console: "[    5.123456] BUG: KASAN: use-after-free in bpf_prog_free+0x1/0x2\n"}, true
			}
			return nil, true
		})
		p := autoPlan(4, k)
		p.Isolation = iso
		all := advDo(t, p)
		t.Log(iso, late)
		show(t, all)
		if errOf(all) == nil {
			t.Errorf("%s WRONG GREEN", iso)
		}
	}
}

// 2: a guest in whose log is a splat is used again: UBSAN reports each place once.
func TestSplatDoesNotRetire(t *testing.T) {
	k := &fakeKernel{name: "6.12", own: true}
	k.run = func(order record.Order, hear func(verdict.Heard)) verdict.Ending {
		fired := false // once per boot, no taint
		return advGuest(func(o record.Order, n int, id string, among bool, say func(record.Record), _ func(verdict.Heard)) (*verdict.Ending, bool) {
			var lines []string
			if !fired {
				fired, lines = true, []string{ubsan}
			}
			say(record.Begin{Spec: id})
			say(record.KernelLog{Spec: id, Lines: lines})
			say(record.Finish{Spec: id, Outcome: record.Passed})
			if o.Watch {
				say(record.State{Spec: id})
			}
			return nil, true
		})(order, hear)
	}
	for _, iso := range []Isolation{Auto, BySpec} {
		p := autoPlan(4, k)
		p.Isolation = iso
		all := advDo(t, p)
		t.Log(iso)
		show(t, all)
		n := 0
		for _, v := range all {
			if v.Kind == verdict.Pass {
				n++
			}
		}
		if n > 0 {
			t.Errorf("WRONG GREEN: %d passes, every spec splats alone", n)
		}
	}
}

// 3: splat beside an overrun in a starved guest is thrown away.
func TestStarvedSplatLost(t *testing.T) {
	var mu sync.Mutex
	runs := 0
	k := &fakeKernel{name: "6.12", own: true}
	k.run = advGuest(func(o record.Order, n int, id string, among bool, say func(record.Record), hear func(verdict.Heard)) (*verdict.Ending, bool) {
		if id != "a.2" {
			return nil, false
		}
		mu.Lock()
		runs++
		first := runs == 1
		mu.Unlock()
		if !first {
			return nil, false
		}
		say(record.Begin{Spec: id})
		say(record.KernelLog{Spec: id, Lines: []string{"1,2,3,-;BUG: kernel NULL pointer dereference, address: 0", "1,2,3,-;Oops: 0002 [#1] SMP"}})
		hear(verdict.Heard{Record: record.Finish{Spec: id, Outcome: record.Broken, Reason: "driver did not answer", Overran: "request", Limit: 20 * time.Second}, Load: verdict.Load{Stretch: 12, Tasks: 10, Allowed: 2}})
		return nil, true
	})
	all := advDo(t, fakePlan(BySpec, k))
	show(t, all)
	if errOf(all) == nil {
		t.Error("WRONG GREEN: an oops was seen and thrown away")
	}
}

// 4: xpass decided by a shared guest.
func TestXPassFromShared(t *testing.T) {
	k := &fakeKernel{name: "6.12", own: true}
	k.run = advGuest(func(o record.Order, n int, id string, among bool, say func(record.Record), _ func(verdict.Heard)) (*verdict.Ending, bool) {
		if id != "a.03" || among {
			return nil, false
		}
		say(record.Begin{Spec: id})
		say(record.KernelLog{Spec: id})
		say(record.Finish{Spec: id, Outcome: record.Failed, Seen: "x"})
		return nil, true
	})
	p := autoPlan(5, k)
	var err error
	p.Expectations, err = verdict.ParseExpectations([]byte("- {match: a.03, expect: fail, issue: x}\n"))
	if err != nil {
		t.Fatal(err)
	}
	all := advDo(t, p)
	show(t, all)
	for _, v := range all {
		if v.Kind == verdict.XPass && v.Guest != nil {
			t.Errorf("%s: non-pass of a shared guest counts", v.Spec)
		}
	}
}

// 5: same kind, another reason: hidden; with an expectation the splat is excused.
func TestSameKindHides(t *testing.T) {
	k := &fakeKernel{name: "6.12", own: true}
	k.run = advGuest(func(o record.Order, n int, id string, among bool, say func(record.Record), _ func(verdict.Heard)) (*verdict.Ending, bool) {
		if id != "a.03" {
			return nil, false
		}
		var lines []string
		if among {
			lines = []string{kasan}
		}
		say(record.Begin{Spec: id})
		say(record.KernelLog{Spec: id, Lines: lines})
		say(record.Finish{Spec: id, Outcome: record.Failed, Seen: "x"})
		if o.Watch {
			say(record.State{Spec: id})
		}
		return nil, true
	})
	p := autoPlan(5, k)
	var err error
	p.Expectations, err = verdict.ParseExpectations(
		[]byte("- {match: a.03, expect: fail, issue: x}\n"))
	if err != nil {
		t.Fatal(err)
	}
	all := advDo(t, p)
	show(t, all)
	if errOf(all) == nil {
		t.Error("WRONG GREEN: KASAN seen, xfail, no DEPENDS")
	}
}

// 6: DEPENDS where nothing ran before: guest retired at once / QEMU died / host starved it.
func TestFalseDepends(t *testing.T) {
	for name, end := range map[string]verdict.Ending{
		"qemu killed":  {Cause: verdict.Died, Detail: "signal: killed"},
		"not started":  {Cause: verdict.NotStarted, Detail: "no QEMU"},
		"never clean":  {},
		"host starves": {Cause: verdict.GuestHung},
	} {
		k := &fakeKernel{name: "6.12", own: true}
		k.run = func(order record.Order, hear func(verdict.Heard)) verdict.Ending {
			if !order.Watch {
				return well(order, hear)
			}
			say := func(r record.Record) { hear(verdict.Heard{Record: r}) }
			switch name {
			case "never clean":
				say(record.Accepted{Specs: len(order.Specs)})
				say(record.State{Error: "no /proc"})
				say(record.End{Retired: "not as it was before its first spec"})
				return verdict.Ending{Cause: verdict.PoweredOff}
			case "host starves":
				return advGuest(func(o record.Order, n int, id string, among bool, say func(record.Record), hear func(verdict.Heard)) (*verdict.Ending, bool) {
					say(record.Begin{Spec: id})
					say(record.KernelLog{Spec: id})
					hear(verdict.Heard{Record: record.Finish{Spec: id, Outcome: record.Broken, Reason: "did not answer", Overran: "request", Limit: time.Second}, Load: verdict.Load{Stretch: 12, Tasks: 10, Allowed: 2}})
					say(record.State{Spec: id})
					return nil, true
				})(order, hear)
			case "qemu killed":
				say(record.Accepted{Specs: len(order.Specs)})
				say(record.State{})
				say(record.Begin{Spec: order.Specs[0]})
			}
			return end
		}
		all := advDo(t, autoPlan(4, k))
		t.Log(name, len(k.orders))
		show(t, all)
		if slices.ContainsFunc(all, verdict.Verdict.Differs) {
			t.Errorf("%s: DEPENDS although nothing of the kind is known", name)
		}
	}
}

// 7: a spec that begins again after it was judged: failure and panic are no spec's.
func TestBeginTwice(t *testing.T) {
	for _, iso := range []Isolation{Auto, ByCell} {
		for _, ghost := range []bool{false, true} {
			k := &fakeKernel{name: "6.12", own: true}
			k.run = func(order record.Order, hear func(verdict.Heard)) verdict.Ending {
				say := func(r record.Record) { hear(verdict.Heard{Record: r}) }
				advGuest(func(record.Order, int, string, bool, func(record.Record), func(verdict.Heard)) (*verdict.Ending, bool) {
					return nil, false
				})(order, func(h verdict.Heard) {
					if _, end := h.Record.(record.End); !end {
						hear(h)
					}
				})
				if ghost {
					say(record.Begin{Spec: "no.such"})
				} else {
					say(record.Begin{Spec: order.Specs[0]})
				}
				return verdict.Ending{Cause: verdict.Panicked, Detail: "Fatal exception"}
			}
			p := autoPlan(3, k)
			p.Isolation = iso
			all := advDo(t, p)
			t.Log(iso, "ghost", ghost, k.orders)
			show(t, all)
			if errOf(all) == nil {
				t.Error("WRONG GREEN: kernel panicked, no end record")
			}
		}
	}
}

// 8: a hang that comes now and then is hidden by re-runs on a busy host.
func TestStarvedHangNoTrace(t *testing.T) {
	var mu sync.Mutex
	runs := 0
	k := &fakeKernel{name: "6.12", own: true}
	k.run = advGuest(func(o record.Order, n int, id string, among bool, say func(record.Record), hear func(verdict.Heard)) (*verdict.Ending, bool) {
		mu.Lock()
		defer mu.Unlock()
		if id != "a.2" {
			return nil, false
		}
		if runs++; runs > 3 {
			return nil, false
		}
		say(record.Begin{Spec: id})
		say(record.KernelLog{Spec: id})
		hear(verdict.Heard{Record: record.Finish{Spec: id, Outcome: record.Broken, Reason: "driver did not answer", Overran: "request", Limit: 20 * time.Second}, Load: verdict.Load{Stretch: 12, Tasks: 10, Allowed: 2}})
		return nil, true
	})
	all := advDo(t, fakePlan(BySpec, k))
	show(t, all)
}
