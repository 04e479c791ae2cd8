// SPDX-License-Identifier: Apache-2.0

package runner_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/record"
	"github.com/loadstone-bpf/loadstone/suites/runner"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// An order is carried out the same whether Ginkgo was entered before it came or after.
func TestServe(t *testing.T) {
	passes := spec{id: "fake.first", body: loadsGood}
	fails := spec{id: "fake.second", body: func(s *Session) {
		loadsGood(s)
		Expect(1).To(Equal(2))
	}}
	panics := spec{id: "fake.first", body: func(*Session) { panic("a bug") }}
	for name, tc := range map[string]struct {
		specs  []spec
		limits record.Limits
		want   map[string]record.Outcome
	}{
		"one spec":                   {[]spec{passes}, record.DefaultLimits, map[string]record.Outcome{"fake.first": record.Passed}},
		"one that fails":             {[]spec{fails}, record.DefaultLimits, map[string]record.Outcome{"fake.second": record.Failed}},
		"one that panics":            {[]spec{panics}, record.DefaultLimits, map[string]record.Outcome{"fake.first": record.Panicked}},
		"one with limits of its own": {[]spec{passes}, record.Limits{Request: time.Second, Spec: time.Minute}, map[string]record.Outcome{"fake.first": record.Passed}},
		"several": {
			[]spec{passes, fails}, record.DefaultLimits,
			map[string]record.Outcome{"fake.first": record.Passed, "fake.second": record.Failed},
		},
	} {
		t.Run(name, func(t *testing.T) {
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
			if _, first := r.records[0].(record.Accepted); !first || !r.ended() {
				t.Errorf("records %v", r.records)
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
