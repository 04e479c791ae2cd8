// SPDX-License-Identifier: Apache-2.0

package runner_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/record"
	"github.com/loadstone-bpf/loadstone/suites/runner"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// An order is carried out the same whether Ginkgo was entered before it came or after.
func TestServe(t *testing.T) {
	fails := spec{id: "fake.second", body: func(s *Session) {
		loadsGood(s)
		Expect(1).To(Equal(2))
	}}
	panics := spec{id: "fake.first", body: func(*Session) { panic("a bug") }}
	var within string // which of Ginkgo's specs the last ran in
	looks := spec{id: "fake.first", body: func(s *Session) {
		within = ginkgo.CurrentSpecReport().LeafNodeText
		loadsGood(s)
	}}
	waits := spec{id: "fake.first", below: func(x *runner.Execution) { <-x.Context().Done() }}
	const inPlace, byItself = "waits for its order", "fake.first"
	short := record.Limits{Request: time.Second, Spec: 50 * time.Millisecond}
	for name, tc := range map[string]struct {
		specs  []spec
		limits record.Limits
		want   map[string]record.Outcome
		within string // "" where it does not matter
	}{
		"one spec":               {[]spec{looks}, record.DefaultLimits, map[string]record.Outcome{"fake.first": record.Passed}, inPlace},
		"one with longer limits": {[]spec{looks}, record.DefaultLimits.Times(7.5), map[string]record.Outcome{"fake.first": record.Passed}, inPlace},
		"one without limits":     {[]spec{looks}, record.Limits{}, map[string]record.Outcome{"fake.first": record.Passed}, inPlace},
		"one that fails":         {[]spec{fails}, record.DefaultLimits, map[string]record.Outcome{"fake.second": record.Failed}, ""},
		"one that panics":        {[]spec{panics}, record.DefaultLimits, map[string]record.Outcome{"fake.first": record.Panicked}, ""},
		"one whose time is up":   {[]spec{waits}, short, map[string]record.Outcome{"fake.first": record.TimedOut}, ""},
		"several, one of them late": {
			[]spec{waits, fails}, record.Limits{Request: time.Second, Spec: 3 * time.Second},
			map[string]record.Outcome{"fake.first": record.TimedOut, "fake.second": record.Failed}, "",
		},
		"several": {
			[]spec{looks, fails}, record.DefaultLimits,
			map[string]record.Outcome{"fake.first": record.Passed, "fake.second": record.Failed}, byItself,
		},
	} {
		t.Run(name, func(t *testing.T) {
			within = ""
			var r ran
			order, deps := fakeOrder(t, newFake(nil), &r, tc.specs...)
			order.Limits = tc.limits
			next := func() (record.Order, runner.Deps, error) { return order, deps, nil }
			ends := 0
			done := func(err error) {
				ends++
				if !r.ended() {
					t.Error("done before the last record")
				}
				if err != nil {
					t.Errorf("done with error %v", err)
				}
			}
			if err := runner.ServeSpecs(t.Context(), next, done, registered(tc.specs), runner.RequirementsOf(t, theRequirements)); err != nil {
				t.Fatal(err)
			}
			if ends != 1 {
				t.Errorf("done %d times, want once", ends)
			}
			got := map[string]record.Outcome{}
			for id, f := range r.finishes() {
				got[id] = f.Outcome
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
			if within != tc.within {
				t.Errorf("run in %q, want %q", within, tc.within)
			}
			if _, first := r.records[0].(record.Accepted); !first || !r.ended() {
				t.Errorf("records %v", r.records)
			}
		})
	}
}

// A spec that does not end is left behind, and the order with it, whether it runs in place or not.
func TestServeASpecThatIsStuck(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	stuck := spec{id: "fake.first", body: func(*Session) { <-release }}
	for name, specs := range map[string][]spec{
		"one": {stuck}, "several": {stuck, {id: "fake.second", body: loadsGood}},
	} {
		t.Run(name, func(t *testing.T) {
			var r ran
			order, deps := fakeOrder(t, newFake(nil), &r, specs...)
			order.Limits.Spec = time.Second // on a busy host it has to come as far as its body
			deps.SetGrace(50 * time.Millisecond)
			next := func() (record.Order, runner.Deps, error) { return order, deps, nil }
			var ended error
			done := func(err error) { ended = err }
			err := runner.ServeSpecs(t.Context(), next, done, registered(specs), runner.RequirementsOf(t, theRequirements))
			if !errors.Is(err, runner.ErrStuck) || !errors.Is(ended, runner.ErrStuck) || r.ended() {
				t.Errorf("error %v, done with %v, ended: %t", err, ended, r.ended())
			}
			finishes := r.finishes()
			if f := finishes["fake.first"]; len(finishes) != 1 || f.Outcome != record.TimedOut {
				t.Errorf("finished %+v", finishes)
			}
		})
	}
}

func TestServeWithoutAnOrder(t *testing.T) {
	gone := errors.New("record port hung up")
	next := func() (record.Order, runner.Deps, error) { return record.Order{}, runner.Deps{}, gone }
	if err := runner.ServeSpecs(t.Context(), next, notDone(t), registered(nil), runner.RequirementsOf(t, theRequirements)); !errors.Is(err, gone) {
		t.Errorf("error %v, want %v", err, gone)
	}
}

func TestServeAnOrderOfNothing(t *testing.T) {
	next := func() (record.Order, runner.Deps, error) { return record.Order{}, runner.Deps{}, nil }
	if err := runner.ServeSpecs(t.Context(), next, notDone(t), registered(nil), runner.RequirementsOf(t, theRequirements)); !errors.Is(err, runner.ErrOrder) {
		t.Errorf("error %v, want %v", err, runner.ErrOrder)
	}
}

func TestServeWhenWaitingBreaks(t *testing.T) {
	next := func() (record.Order, runner.Deps, error) { panic("a bug of the guest") }
	if err := runner.ServeSpecs(t.Context(), next, notDone(t), registered(nil), runner.RequirementsOf(t, theRequirements)); !errors.Is(err, runner.ErrOrder) {
		t.Errorf("error %v, want %v", err, runner.ErrOrder)
	}
}

// notDone fails the test: the order cannot be carried out.
func notDone(t *testing.T) func(error) {
	return func(err error) { t.Errorf("done with error %v, and there was nothing to do", err) }
}
