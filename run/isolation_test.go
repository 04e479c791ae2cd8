// SPDX-License-Identifier: Apache-2.0

package run

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/loadstone-bpf/loadstone/record"
	"github.com/loadstone-bpf/loadstone/requirements"
	"github.com/loadstone-bpf/loadstone/verdict"
)

// A watchedGuest runs specs as a guest does that is watched. Each field names specs that do
// something else than pass.
type watchedGuest struct {
	fails, leaves, panics string
	always                bool // also in a guest of their own
}

func (g watchedGuest) run(order record.Order, hear func(verdict.Heard)) verdict.Ending {
	say := func(r record.Record) { hear(verdict.Heard{Record: r}) }
	say(record.Accepted{Specs: len(order.Specs)})
	if order.Watch {
		say(record.State{Held: map[string]int{"map": 0}})
	}
	among := len(order.Specs) > 1 || g.always
	for n, id := range order.Specs {
		say(record.Begin{Spec: id})
		if id == g.panics && among {
			return verdict.Ending{Cause: verdict.Panicked, Detail: "Fatal exception"}
		}
		say(record.KernelLog{Spec: id})
		outcome := record.Passed
		if id == g.fails && among {
			outcome = record.Failed
		}
		say(record.Finish{Spec: id, Outcome: outcome, Seen: "what was not expected"})
		if !order.Watch {
			continue
		}
		state := record.State{Spec: id}
		if id == g.leaves {
			state.Changes = []string{"new mount bpf on /run/x"}
		}
		say(state)
		if id == g.leaves && n+1 < len(order.Specs) {
			say(record.End{Specs: n + 1, Retired: "after " + id})
			return verdict.Ending{Cause: verdict.PoweredOff}
		}
	}
	say(record.End{Specs: len(order.Specs)})
	return verdict.Ending{Cause: verdict.PoweredOff}
}

// autoPlan has one loader and n specs a.00, a.01, …, in guests that are used again.
func autoPlan(n int, k Kernel) Plan {
	p := fakePlan(Auto, k)
	p.Seed, p.Jobs, p.Specs = 7, 1, nil
	for i := range n {
		p.Specs = append(p.Specs, record.Spec{ID: fmt.Sprintf("a.%02d", i), Suite: "a"})
	}
	return p
}

func TestGuestsAreUsedAgain(t *testing.T) {
	k := &fakeKernel{name: "6.12", own: true, run: watchedGuest{}.run}
	c := &collector{t: t}
	if err := autoPlan(100, k).Do(t.Context(), c, c); err != nil {
		t.Fatal(err)
	}
	var sizes []int
	var ran []string
	for _, o := range k.orders {
		sizes = append(sizes, len(o))
		ran = append(ran, o...)
	}
	if diff := cmp.Diff([]int{34, 33, 33}, sizes); diff != "" {
		t.Error(diff)
	}
	if slices.IsSorted(ran) {
		t.Error("the order of the specs was not shuffled")
	}
	for _, v := range c.all {
		if v.Kind != verdict.Pass || v.Guest == nil || v.Guest.Number == 0 {
			t.Errorf("%s: %s in guest %+v", v.Spec, v.Kind, v.Guest)
		}
	}
}

func TestTheSeedGivesTheOrder(t *testing.T) {
	orders := func(seed uint64) [][]string {
		k := &fakeKernel{name: "6.12", own: true, run: watchedGuest{}.run}
		p := autoPlan(60, k)
		p.Seed = seed
		c := &collector{t: t}
		if err := p.Do(t.Context(), c, c); err != nil {
			t.Fatal(err)
		}
		return k.orders
	}
	if diff := cmp.Diff(orders(1), orders(1)); diff != "" {
		t.Error(diff)
	}
	if cmp.Equal(orders(1), orders(2)) {
		t.Error("two seeds gave the same order")
	}
}

func TestOnlyAPassCountsAmongOthers(t *testing.T) {
	for name, tc := range map[string]struct {
		guest   watchedGuest
		kind    verdict.Kind // of a.03
		among   verdict.Kind
		differs bool
	}{
		"fails among others only": {watchedGuest{fails: "a.03"}, verdict.Pass, verdict.Fail, true},
		"fails always": {
			watchedGuest{fails: "a.03", always: true}, verdict.Fail, verdict.Fail, false,
		},
		"panics among others only": {watchedGuest{panics: "a.03"}, verdict.Pass, verdict.Crash, true},
		"panics always": {
			watchedGuest{panics: "a.03", always: true}, verdict.Crash, verdict.Crash, false,
		},
	} {
		t.Run(name, func(t *testing.T) {
			k := &fakeKernel{name: "6.12", own: true, run: tc.guest.run}
			c := &collector{t: t}
			if err := autoPlan(10, k).Do(t.Context(), c, c); err != nil {
				t.Fatal(err)
			}
			if len(c.all) != 10 {
				t.Errorf("%d verdicts, want 10", len(c.all))
			}
			for _, v := range c.all {
				switch {
				case v.Spec != "a.03" && (v.Kind != verdict.Pass || v.Shared != nil):
					t.Errorf("%s: %s, among others %+v", v.Spec, v.Kind, v.Shared)
				case v.Spec != "a.03":
				case v.Kind != tc.kind || v.Guest != nil || v.Shared == nil:
					t.Errorf("%s in guest %+v, among others %+v", v.Kind, v.Guest, v.Shared)
				case v.Shared.Kind != tc.among || v.Shared.Differs != tc.differs:
					t.Errorf("among others %+v, want %s", v.Shared, tc.among)
				case tc.differs && !slices.Equal(v.Shared.After, before(k.orders[0], "a.03")):
					t.Errorf("after %v, ran %v", v.Shared.After, k.orders[0])
				}
			}
			if !slices.ContainsFunc(k.orders, func(o []string) bool { return slices.Equal(o, []string{"a.03"}) }) {
				t.Errorf("a.03 got no guest of its own: %v", k.orders)
			}
		})
	}
}

// before returns the elements before one.
func before(all []string, one string) []string { return all[:slices.Index(all, one)] }

func TestAGuestThatIsNotAsItWasIsRetired(t *testing.T) {
	k := &fakeKernel{name: "6.12", own: true, run: watchedGuest{leaves: "a.06"}.run}
	c := &collector{t: t}
	if err := autoPlan(10, k).Do(t.Context(), c, c); err != nil {
		t.Fatal(err)
	}
	if len(c.all) != 10 || len(k.orders) != 2 {
		t.Fatalf("%d verdicts of guests %v", len(c.all), k.orders)
	}
	all := k.orders[0]
	if diff := cmp.Diff(all[len(before(all, "a.06"))+1:], k.orders[1]); diff != "" {
		t.Error(diff)
	}
	for _, v := range c.all {
		left := v.Guest != nil && len(v.Guest.Left) > 0
		if v.Kind != verdict.Pass || left != (v.Spec == "a.06") {
			t.Errorf("%s: %s, guest %+v", v.Spec, v.Kind, v.Guest)
		}
	}
}

func TestASpecThatChangesTheKernelIsAlone(t *testing.T) {
	set, err := requirements.Parse(fstest.MapFS{"a.yaml": {Data: []byte(strings.Join([]string{
		`- id: a.03`, `  must: A loader does it.`, `  profiles: [btf-maps]`,
		`  alone: sets kernel.unprivileged_bpf_disabled`,
		`  sources: [{kind: ours, file: docs/x.md, reason: "A test of what is alone."}]`,
	}, "\n"))}})
	if err != nil {
		t.Fatal(err)
	}
	k := &fakeKernel{name: "6.12", own: true, run: watchedGuest{}.run}
	p := autoPlan(10, k)
	p.Requirements = set
	c := &collector{t: t}
	if err := p.Do(t.Context(), c, c); err != nil {
		t.Fatal(err)
	}
	if len(k.orders) != 2 || len(k.orders[0]) != 9 || !slices.Equal(k.orders[1], []string{"a.03"}) {
		t.Errorf("guests ran %v", k.orders)
	}
}

func TestTheHostsKernelIsNotUsedAgain(t *testing.T) {
	k := &fakeKernel{name: "native", run: well}
	c := &collector{t: t}
	if err := autoPlan(5, k).Do(t.Context(), c, c); err != nil {
		t.Fatal(err)
	}
	if len(k.orders) != 5 {
		t.Errorf("guests ran %v, want one for each spec", k.orders)
	}
}

func TestNoGuestIsOrderedMoreThanItsShare(t *testing.T) {
	for _, isolation := range []Isolation{Auto, BySpec, ByCell} {
		k := &fakeKernel{name: "6.12", own: true, run: watchedGuest{}.run}
		p := autoPlan(2*perGuest+1, k)
		p.Isolation = isolation
		largest := 0
		for _, b := range p.batches(k) {
			largest = max(largest, len(b.specs))
		}
		if share := p.Share(); largest > share || largest < share*2/3 {
			t.Errorf("%s: guests are ordered up to %d specs, the share is %d", isolation, largest,
				share)
		}
	}
}
