// SPDX-License-Identifier: Apache-2.0

package run

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/loadstone-bpf/loadstone/record"
	"github.com/loadstone-bpf/loadstone/verdict"
)

// These guests did make a run say something false once: a kernel that dies or complains among other
// specs only, a host that starves a guest, records out of order.

const (
	kasan = "1,2,3,-;BUG: KASAN: use-after-free in bpf_prog_free+0x1/0x2"
	ubsan = "1,2,3,-;UBSAN: shift-out-of-bounds in kernel/bpf/verifier.c:1"
	oops  = "1,2,3,-;BUG: kernel NULL pointer dereference, address: 0"
)

// hangs is how a spec finishes whose driver hangs, and busyHost the load of a host that may be why.
var (
	hangs = record.Finish{
		Outcome: record.Broken, Reason: "driver did not answer", Overran: "request",
		Limit: 20 * time.Second,
	}
	busyHost = verdict.Load{Stretch: 12, Tasks: 10, Allowed: 2}
)

// A place says where a guest is: at a spec, and how many specs it was ordered.
type place struct {
	order record.Order
	spec  string
	n     int // of the spec in the order, from 0
}

// among reports whether other specs run in the same guest.
func (p place) among() bool { return len(p.order.Specs) > 1 }

// A told spec says what a guest says of a spec, and how its machine ends there, if it does.
type told struct {
	log   []string // what the kernel complained of
	as    record.Finish
	load  verdict.Load
	end   *verdict.Ending
	quiet bool // it ends before it says anything but that the spec began
}

// hostile returns a guest that runs each spec well but for what do says of it.
func hostile(do func(place) told) func(record.Order, func(verdict.Heard)) verdict.Ending {
	return func(order record.Order, hear func(verdict.Heard)) verdict.Ending {
		say := func(r record.Record) { hear(verdict.Heard{Record: r}) }
		say(record.Accepted{Specs: len(order.Specs)})
		if order.Watch {
			say(record.State{})
		}
		for n, id := range order.Specs {
			t := do(place{order, id, n})
			say(record.Begin{Spec: id})
			if !t.quiet {
				say(record.KernelLog{Spec: id, Lines: t.log})
				finish := t.as
				finish.Spec = id
				if finish.Outcome == "" {
					finish.Outcome = record.Passed
				}
				hear(verdict.Heard{Record: finish, Load: t.load})
				if order.Watch {
					say(record.State{Spec: id})
				}
			}
			if t.end != nil {
				if t.end.Cause == verdict.PoweredOff {
					say(record.End{Specs: n + 1})
				}
				return *t.end
			}
		}
		say(record.End{Specs: len(order.Specs)})
		return verdict.Ending{Cause: verdict.PoweredOff}
	}
}

// verdicts carries a plan out.
func verdicts(t *testing.T, p Plan) []verdict.Verdict {
	t.Helper()
	c := &collector{t: t}
	if err := p.Do(t.Context(), c, c); err != nil {
		t.Fatal(err)
	}
	return c.all
}

// clean reports whether a run with these verdicts is.
func clean(all []verdict.Verdict) bool {
	f := &verdict.File{Verdicts: all, End: &verdict.End{Complete: true}}
	f.Run.Planned = len(all)
	return f.Err() == nil
}

// notClean demands that a plan is not clean.
func notClean(t *testing.T, p Plan) []verdict.Verdict {
	t.Helper()
	all := verdicts(t, p)
	if clean(all) {
		for _, v := range all {
			t.Logf("%s %s %q, shared %+v", v.Spec, v.Kind, v.Reason, v.Shared)
		}
		t.Error("the run is clean")
	}
	return all
}

// expecting gives a plan the expectation that a.03 fails.
func expecting(t *testing.T, p Plan) Plan {
	t.Helper()
	var err error
	p.Expectations, err = verdict.ParseExpectations(
		[]byte("- {match: a.03, expect: fail, issue: x}\n"))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestAKernelThatDiesAmongOthersOnlyIsNotClean(t *testing.T) {
	k := &fakeKernel{name: "6.12", own: true, run: watchedGuest{panics: "a.03"}.run}
	notClean(t, autoPlan(4, k))
}

// What one spec did may show only once the next runs, or on the console after the last.
func TestALateComplaintIsNotLost(t *testing.T) {
	for _, isolation := range []Isolation{Auto, BySpec} {
		t.Run(string(isolation), func(t *testing.T) {
			k := &fakeKernel{name: "6.12", own: true, run: hostile(func(p place) (t told) {
				if p.n > 0 && p.order.Specs[p.n-1] == "a.01" {
					t.log = []string{kasan}
				}
				if p.spec == "a.01" && p.n == len(p.order.Specs)-1 {
					t.end = &verdict.Ending{Cause: verdict.PoweredOff, Console: "[    5.123456] " +
						"BUG: KASAN: use-after-free in bpf_prog_free+0x1/0x2\n"}
				}
				return t
			})}
			p := autoPlan(4, k)
			p.Isolation = isolation
			notClean(t, p)
		})
	}
}

// A kernel complains of some places once in its life: after that it proves nothing.
func TestNoSpecPassesAfterAComplaint(t *testing.T) {
	for _, isolation := range []Isolation{Auto, BySpec} {
		t.Run(string(isolation), func(t *testing.T) {
			k := &fakeKernel{name: "6.12", own: true, run: hostile(func(p place) (t told) {
				if p.n == 0 {
					t.log = []string{ubsan}
				}
				return t
			})}
			p := autoPlan(4, k)
			p.Isolation = isolation
			for _, v := range verdicts(t, p) {
				if v.Kind == verdict.Pass {
					t.Errorf("%s passes; alone in a guest each has a complaint", v.Spec)
				}
			}
		})
	}
}

func TestAnOopsInAStarvedGuestCounts(t *testing.T) {
	times := 0
	k := &fakeKernel{name: "6.12", own: true, run: hostile(func(p place) told {
		if p.spec != "a.2" {
			return told{}
		}
		if times++; times > 1 {
			return told{}
		}
		return told{log: []string{oops}, as: hangs, load: busyHost}
	})}
	p := fakePlan(BySpec, k)
	p.Jobs = 1
	notClean(t, p)
}

// A hang that the host's load may explain is run again, and leaves a trace.
func TestAHangOnABusyHostLeavesATrace(t *testing.T) {
	times := 0
	k := &fakeKernel{name: "6.12", own: true, run: hostile(func(p place) told {
		if p.spec != "a.2" {
			return told{}
		}
		if times++; times > 2 {
			return told{}
		}
		return told{as: hangs, load: busyHost}
	})}
	p := fakePlan(BySpec, k)
	p.Jobs = 1
	for _, v := range verdicts(t, p) {
		want := 0
		if v.Spec == "a.2" {
			want = 2
		}
		if v.Kind != verdict.Pass || v.Starved != want {
			t.Errorf("%s: %s after %d starved guests, want pass after %d", v.Spec, v.Kind, v.Starved, want)
		}
	}
}

func TestAnUnexpectedPassAmongOthersDoesNotCount(t *testing.T) {
	k := &fakeKernel{name: "6.12", own: true, run: hostile(func(p place) (t told) {
		if p.spec == "a.03" && !p.among() {
			t.as = record.Finish{Outcome: record.Failed, Seen: "x"}
		}
		return t
	})}
	for _, v := range verdicts(t, expecting(t, autoPlan(5, k))) {
		if v.Spec == "a.03" && v.Kind != verdict.XFail {
			t.Errorf("%s", v.Kind)
		}
	}
}

func TestAComplaintUnderAnExpectedFailureIsNotClean(t *testing.T) {
	k := &fakeKernel{name: "6.12", own: true, run: hostile(func(p place) (t told) {
		if p.spec != "a.03" {
			return t
		}
		t.as = record.Finish{Outcome: record.Failed, Seen: "x"}
		if p.among() {
			t.log = []string{kasan}
		}
		return t
	})}
	notClean(t, expecting(t, autoPlan(5, k)))
}

// What never ran after another spec, or ran on a host that starved it, depends on no other spec.
func TestNothingDependsOnWhatDidNotRun(t *testing.T) {
	for name, among := range map[string]func(record.Order, func(verdict.Heard)) verdict.Ending{
		"QEMU is killed": hostile(func(place) told {
			return told{quiet: true, end: &verdict.Ending{Cause: verdict.Died, Detail: "signal: killed"}}
		}),
		"QEMU does not start": func(record.Order, func(verdict.Heard)) verdict.Ending {
			return verdict.Ending{Cause: verdict.NotStarted, Detail: "no QEMU"}
		},
		"the guest is never clean": func(o record.Order, hear func(verdict.Heard)) verdict.Ending {
			hear(verdict.Heard{Record: record.Accepted{Specs: len(o.Specs)}})
			hear(verdict.Heard{Record: record.State{Error: "no /proc"}})
			hear(verdict.Heard{Record: record.End{Retired: "not as it was before its first spec"}})
			return verdict.Ending{Cause: verdict.PoweredOff}
		},
		"the host starves it": hostile(func(place) told { return told{as: hangs, load: busyHost} }),
	} {
		t.Run(name, func(t *testing.T) {
			k := &fakeKernel{name: "6.12", own: true}
			k.run = func(order record.Order, hear func(verdict.Heard)) verdict.Ending {
				if order.Watch {
					return among(order, hear)
				}
				return well(order, hear)
			}
			all := verdicts(t, autoPlan(4, k))
			if !clean(all) || slices.ContainsFunc(all, verdict.Verdict.Differs) {
				t.Errorf("%+v", all)
			}
		})
	}
}

// A kernel that dies after a record that nothing ordered does not die for no one.
func TestADeathAfterAStrangeRecordIsNotClean(t *testing.T) {
	for _, isolation := range []Isolation{Auto, ByCell} {
		for _, begins := range []string{"", "no.such"} {
			t.Run(string(isolation)+" "+begins, func(t *testing.T) {
				k := &fakeKernel{name: "6.12", own: true}
				k.run = func(order record.Order, hear func(verdict.Heard)) verdict.Ending {
					hostile(func(place) told { return told{} })(order, func(h verdict.Heard) {
						if _, end := h.Record.(record.End); !end {
							hear(h)
						}
					})
					again := begins
					if again == "" {
						again = order.Specs[0]
					}
					hear(verdict.Heard{Record: record.Begin{Spec: again}})
					return verdict.Ending{Cause: verdict.Panicked, Detail: "Fatal exception"}
				}
				p := autoPlan(3, k)
				p.Isolation = isolation
				notClean(t, p)
			})
		}
	}
}

func TestAnInterruptedRunHasNoVerdictOnWhatIsRunAgain(t *testing.T) {
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
	if err := autoPlan(4, k).Do(ctx, c, c); err == nil || len(c.all) != 3 {
		t.Errorf("error %v, %d verdicts of 4", err, len(c.all))
	}
}

func TestEveryGuestThatComesToNothingIsCounted(t *testing.T) {
	for name, ends := range map[string]func(o record.Order, say func(record.Record)) verdict.Cause{
		"retired before it began": func(o record.Order, say func(record.Record)) verdict.Cause {
			say(record.Accepted{Specs: len(o.Specs)})
			say(record.End{Retired: "x"})
			return verdict.PoweredOff
		},
		"retired after a spec that was not ordered": func(o record.Order, say func(record.Record)) verdict.Cause {
			say(record.Begin{Spec: "ghost"})
			say(record.End{Retired: "x"})
			return verdict.PoweredOff
		},
		"died in its last": func(o record.Order, say func(record.Record)) verdict.Cause {
			say(record.Begin{Spec: o.Specs[len(o.Specs)-1]})
			return verdict.Died
		},
	} {
		t.Run(name, func(t *testing.T) {
			k := &fakeKernel{name: "6.12", own: true}
			k.run = func(o record.Order, hear func(verdict.Heard)) verdict.Ending {
				return verdict.Ending{Cause: ends(o, func(r record.Record) {
					hear(verdict.Heard{Record: r})
				})}
			}
			if all := verdicts(t, autoPlan(4, k)); len(all) != 4 || clean(all) {
				t.Errorf("%d verdicts", len(all))
			}
			if most := attempts * 2 * 4; len(k.orders) > most {
				t.Errorf("%d guests for 4 specs, want no more than %d", len(k.orders), most)
			}
		})
	}
}
