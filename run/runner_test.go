// SPDX-License-Identifier: Apache-2.0

package run

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/loadstone-bpf/loadstone/record"
	"github.com/loadstone-bpf/loadstone/requirements"
	"github.com/loadstone-bpf/loadstone/verdict"
	"github.com/loadstone-bpf/loadstone/vmtest/machine"
)

// A fakeKernel has guests that do what a function says.
type fakeKernel struct {
	name    string
	prepare error
	boots   []error // what the first calls of Prepare return in the place of prepare
	own     bool
	run     func(order record.Order, hear func(verdict.Heard)) verdict.Ending

	mu     sync.Mutex
	orders [][]string
}

func (k *fakeKernel) Name() string { return k.name }
func (k *fakeKernel) About() verdict.Kernel {
	return verdict.Kernel{Name: k.name, Release: k.name + ".1", Arch: "amd64"}
}
func (k *fakeKernel) Own() bool { return k.own }
func (k *fakeKernel) Prepare(context.Context) error {
	if len(k.boots) > 0 {
		err := k.boots[0]
		k.boots = k.boots[1:]
		return err
	}
	return k.prepare
}

func (k *fakeKernel) Run(
	_ context.Context, order record.Order, _ Payload, hear func(verdict.Heard),
) verdict.Ending {
	k.mu.Lock()
	k.orders = append(k.orders, order.Specs)
	k.mu.Unlock()
	return k.run(order, hear)
}

// pass runs specs as a guest does in which all is well.
func pass(specs []string, hear func(verdict.Heard)) {
	for _, id := range specs {
		hear(verdict.Heard{Record: record.Begin{Spec: id}})
		hear(verdict.Heard{Record: record.KernelLog{Spec: id}})
		hear(verdict.Heard{Record: record.Finish{Spec: id, Outcome: record.Passed}})
	}
}

// well behaves as a guest in which all is well.
func well(order record.Order, hear func(verdict.Heard)) verdict.Ending {
	hear(verdict.Heard{Record: record.Accepted{Specs: len(order.Specs)}})
	pass(order.Specs, hear)
	hear(verdict.Heard{Record: record.End{Specs: len(order.Specs)}})
	return verdict.Ending{Cause: verdict.PoweredOff}
}

// fakePlan has a loader, and specs a.1, a.2, b.1.
func fakePlan(isolation Isolation, kernels ...Kernel) Plan {
	return Plan{
		ID: "test", Kernels: kernels, Isolation: isolation, Jobs: 2,
		Requirements: new(requirements.Set),
		Loaders:      []Loader{{Name: "l", Version: "1"}},
		Specs: []record.Spec{
			{ID: "a.1", Suite: "a"}, {ID: "a.2", Suite: "a"}, {ID: "b.1", Suite: "b"},
		},
	}
}

func TestIsolationSaysHowManySpecsShareAGuest(t *testing.T) {
	for isolation, want := range map[Isolation][][]string{
		BySpec:  {{"a.1"}, {"a.2"}, {"b.1"}},
		BySuite: {{"a.1", "a.2"}, {"b.1"}},
		ByCell:  {{"a.1", "a.2", "b.1"}},
	} {
		t.Run(string(isolation), func(t *testing.T) {
			k := &fakeKernel{name: "6.12", run: well}
			c := &collector{t: t}
			if err := fakePlan(isolation, k).Do(t.Context(), c, c); err != nil {
				t.Fatal(err)
			}
			slices.SortFunc(k.orders, slices.Compare)
			if diff := cmp.Diff(want, k.orders); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(map[string]verdict.Kind{
				"a.1": verdict.Pass, "a.2": verdict.Pass, "b.1": verdict.Pass,
			}, c.kinds); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestUnknownIsolation(t *testing.T) {
	if _, err := ParseIsolation("host"); !errors.Is(err, ErrIsolation) {
		t.Error(err)
	}
}

func TestWhatADeadGuestOwesIsRunInAnother(t *testing.T) {
	k := &fakeKernel{name: "6.12",
		run: func(order record.Order, hear func(verdict.Heard)) verdict.Ending {
			if order.Specs[0] != "a.1" {
				return well(order, hear)
			}
			hear(verdict.Heard{Record: record.Accepted{Specs: len(order.Specs)}})
			hear(verdict.Heard{Record: record.Begin{Spec: "a.1"}})
			return verdict.Ending{Cause: verdict.Panicked, Detail: "Kernel panic - not syncing: test"}
		}}
	c := &collector{t: t}
	var began [][]string
	plan := fakePlan(ByCell, k)
	plan.Jobs = 1
	if err := plan.Do(t.Context(), c, &notes{
		began: func(turn Turn) {
			if turn.Worker != 0 || turn.Cell.String() != "l@1 on 6.12" {
				t.Errorf("told of %+v", turn)
			}
			began = append(began, batch{specs: turn.Specs}.ids())
		},
	}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(k.orders, began); diff != "" {
		t.Errorf("the observer was told of other turns (-run +told):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]verdict.Kind{
		"a.1": verdict.Crash, "a.2": verdict.Pass, "b.1": verdict.Pass,
	}, c.kinds); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([][]string{{"a.1", "a.2", "b.1"}, {"a.2", "b.1"}}, k.orders); diff != "" {
		t.Error(diff)
	}
}

func TestAGuestThatNeverBeginsIsNotTriedForEver(t *testing.T) {
	k := &fakeKernel{name: "6.12", run: func(record.Order, func(verdict.Heard)) verdict.Ending {
		return verdict.Ending{Cause: verdict.NotStarted, Detail: "no QEMU"}
	}}
	c := &collector{t: t}
	if err := fakePlan(ByCell, k).Do(t.Context(), c, c); err != nil {
		t.Fatal(err)
	}
	if len(k.orders) != attempts {
		t.Errorf("%d guests, want %d", len(k.orders), attempts)
	}
	if diff := cmp.Diff(map[string]verdict.Kind{
		"a.1": verdict.Missing, "a.2": verdict.Missing, "b.1": verdict.Missing,
	}, c.kinds); diff != "" {
		t.Error(diff)
	}
}

func TestAKernelThatCannotBeMadeReadyCostsItsOwnSpecsOnly(t *testing.T) {
	bad := &fakeKernel{name: "5.10", prepare: errors.New("no such module")}
	good := &fakeKernel{name: "6.12", run: well}
	sink := sinkFunc(func(v verdict.Verdict) error { return nil })
	kinds := make(map[string]verdict.Kind)
	var told []string
	observer := &notes{
		prepared: func(kernel string, err error) { told = append(told, fmt.Sprint(kernel, " ", err)) },
		verdict:  func(v verdict.Verdict) { kinds[v.Cell.Kernel+" "+v.Spec] = v.Kind },
	}
	if err := fakePlan(BySuite, bad, good).Do(t.Context(), sink, observer); err != nil {
		t.Fatal(err)
	}
	want := map[string]verdict.Kind{
		"5.10 a.1": verdict.Missing, "5.10 a.2": verdict.Missing, "5.10 b.1": verdict.Missing,
		"6.12 a.1": verdict.Pass, "6.12 a.2": verdict.Pass, "6.12 b.1": verdict.Pass,
	}
	if diff := cmp.Diff(want, kinds); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"5.10 no such module", "6.12 <nil>"}, told); diff != "" {
		t.Error(diff)
	}
}

func TestAVerdictThatCannotBeWrittenEndsTheRun(t *testing.T) {
	full := errors.New("no space left on device")
	k := &fakeKernel{name: "6.12", run: well}
	written := 0
	sink := sinkFunc(func(verdict.Verdict) error { written++; return full })
	p := fakePlan(BySpec, k)
	p.Jobs = 1
	if err := p.Do(t.Context(), sink, &notes{}); !errors.Is(err, full) {
		t.Errorf("ended with %v, want %v", err, full)
	}
	if written != 1 {
		t.Errorf("%d verdicts were tried to be written, want 1", written)
	}
}

func TestPartsAddUpToTheVerdicts(t *testing.T) {
	p := fakePlan(BySpec, &fakeKernel{name: "5.10"}, &fakeKernel{name: "6.12"})
	want := []verdict.Part{
		{Loader: "l@1", Kernel: "5.10", Suite: "a", Specs: 2}, {Loader: "l@1", Kernel: "5.10", Suite: "b", Specs: 1},
		{Loader: "l@1", Kernel: "6.12", Suite: "a", Specs: 2}, {Loader: "l@1", Kernel: "6.12", Suite: "b", Specs: 1},
	}
	if diff := cmp.Diff(want, p.Parts()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string][]string{"a": {"a.1", "a.2"}, "b": {"b.1"}}, p.Named()); diff != "" {
		t.Errorf("the specs that each part owes: %s", diff)
	}
}

type sinkFunc func(verdict.Verdict) error

func (f sinkFunc) Write(v verdict.Verdict) error { return f(v) }

// notes describes an Observer that may be told of less than everything.
type notes struct {
	prepared func(kernel string, err error)
	began    func(Turn)
	verdict  func(verdict.Verdict)
}

func (n *notes) Preparing(string) {}

func (n *notes) Prepared(kernel string, _ time.Duration, err error) {
	if n.prepared != nil {
		n.prepared(kernel, err)
	}
}

func (n *notes) Began(t Turn) {
	if n.began != nil {
		n.began(t)
	}
}

func (n *notes) Again(verdict.Cell, record.Spec) {}

func (n *notes) Verdict(v verdict.Verdict) {
	if n.verdict != nil {
		n.verdict(v)
	}
}

// A limit that passes in a guest that the host starved is no verdict: the spec is run again, a
// bounded number of times, and the last verdict says the load. One that passes on an idle host is.
func TestAStarvedSpecIsRunAgain(t *testing.T) {
	for name, tt := range map[string]struct {
		isolation Isolation
		stretch   float64
		bad       int // guests in which a.2 has too little time
		want      int // guests that a.2 is run in
		kind      verdict.Kind
	}{
		"once":           {BySpec, 12, 1, 2, verdict.Pass},
		"twice":          {BySpec, 12, 2, 3, verdict.Pass},
		"each time":      {BySpec, 12, 100, 1 + starvedAttempts, verdict.Broken},
		"among others":   {ByCell, 12, 1, 2, verdict.Pass},
		"hangs, idle":    {BySpec, 1.2, 100, 1, verdict.Broken},
		"hangs, unknown": {BySpec, 0, 100, 1, verdict.Broken},
	} {
		t.Run(name, func(t *testing.T) {
			var mu sync.Mutex
			runs := 0
			k := &fakeKernel{name: "6.12", own: true}
			k.run = func(order record.Order, hear func(verdict.Heard)) verdict.Ending {
				hear(verdict.Heard{Record: record.Accepted{Specs: len(order.Specs)}})
				for _, id := range order.Specs {
					finish := verdict.Heard{Record: record.Finish{Spec: id, Outcome: record.Passed}}
					mu.Lock()
					if id == "a.2" {
						runs++
						if runs <= tt.bad {
							finish = verdict.Heard{
								Record: record.Finish{
									Spec: id, Outcome: record.Broken, Reason: "driver did not answer",
									Overran: "request", Limit: 20 * time.Second,
								},
								Load: verdict.Load{Stretch: tt.stretch, Tasks: 10, Allowed: 2},
							}
						}
					}
					mu.Unlock()
					hear(verdict.Heard{Record: record.Begin{Spec: id}})
					hear(verdict.Heard{Record: record.KernelLog{Spec: id}})
					hear(finish)
				}
				hear(verdict.Heard{Record: record.End{Specs: len(order.Specs)}})
				return verdict.Ending{Cause: verdict.PoweredOff}
			}
			c := &collector{t: t}
			if err := fakePlan(tt.isolation, k).Do(t.Context(), c, c); err != nil {
				t.Fatal(err)
			}
			if runs != tt.want {
				t.Errorf("run in %d guests, want %d", runs, tt.want)
			}
			if len(c.all) != 3 || c.kinds["a.1"] != verdict.Pass || c.kinds["a.2"] != tt.kind ||
				c.kinds["b.1"] != verdict.Pass {
				t.Errorf("verdicts %v, want %s for a.2", c.kinds, tt.kind)
			}
			for _, v := range c.all {
				if v.Kind == verdict.Broken && !strings.Contains(v.Reason, "; host's load") {
					t.Errorf("reason %q does not say the load", v.Reason)
				}
			}
		})
	}
}

// A kernel that dies in its boot is booted once more, and no other is: one that hangs would hang
// again for as long.
func TestAKernelThatDiesInItsBootIsBootedOnceMore(t *testing.T) {
	ended := func(cause machine.Cause) error {
		return fmt.Errorf("template: %w", &machine.Ended{Cause: cause, Detail: "int3"})
	}
	for _, tt := range []struct {
		name  string
		boots []error
		want  []bool // whether it was ready, boot by boot
	}{
		{"well", []error{nil}, []bool{true}},
		{"oops", []error{ended(machine.Oops)}, []bool{false, true}},
		{"reset", []error{ended(machine.Reset)}, []bool{false, true}},
		{"panic again and again", []error{ended(machine.Panic), ended(machine.Panic), nil}, []bool{false, false}},
		{"hang", []error{ended(machine.Hang), nil}, []bool{false}},
		{"QEMU", []error{ended(machine.QEMUFailed), nil}, []bool{false}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			k := &fakeKernel{name: "5.10", run: well, boots: tt.boots}
			var ready []bool
			kinds := make(map[verdict.Kind]int)
			err := fakePlan(BySpec, k).Do(t.Context(), sinkFunc(func(v verdict.Verdict) error {
				kinds[v.Kind]++
				return nil
			}), &notes{prepared: func(_ string, err error) { ready = append(ready, err == nil) }})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, ready); diff != "" {
				t.Error(diff)
			}
			want := map[verdict.Kind]int{verdict.Pass: 3}
			if !tt.want[len(tt.want)-1] {
				want = map[verdict.Kind]int{verdict.Missing: 3}
			}
			if diff := cmp.Diff(want, kinds); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A spec that the expectations say not to run is in no guest, and has a verdict all the same.
func TestSpecsThatAreNotRun(t *testing.T) {
	for _, own := range []bool{false, true} {
		k := &fakeKernel{name: "6.12", own: own, run: well}
		plan := fakePlan(ByCell, k)
		var err error
		plan.Expectations, err = verdict.ParseExpectations([]byte("- {match: a.2, expect: do-not-run, issue: I}"))
		if err != nil {
			t.Fatal(err)
		}
		c := &collector{t: t}
		if err := plan.Do(t.Context(), c, c); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([][]string{{"a.1", "b.1"}}, k.orders); diff != "" {
			t.Error(diff)
		}
		want := map[string]verdict.Kind{"a.1": verdict.Pass, "a.2": verdict.Skip, "b.1": verdict.Pass}
		if diff := cmp.Diff(want, c.kinds); diff != "" {
			t.Error(diff)
		}
	}
}
