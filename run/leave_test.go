// SPDX-License-Identifier: Apache-2.0

package run

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/loadstone-bpf/loadstone/suites/faults"
	"github.com/loadstone-bpf/loadstone/verdict"
)

// Whatever a spec leaves behind is seen in the guest that it ran in, and no spec runs there after
// it.
func TestNoSpecRunsAfterOneThatLeavesSomething(t *testing.T) {
	k := testVirtual(t)
	if err := k.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	// Guests wait most of the time, for the kernel to free what it never does: several at once.
	for leaves := range slices.Chunk(faults.Leaves, 5) {
		t.Run(leaves[0].Spec, func(t *testing.T) {
			t.Parallel()
			leave(t, ready{k}, leaves)
		})
	}
}

// A ready kernel was prepared by its test.
type ready struct{ Kernel }

func (ready) Prepare(context.Context) error { return nil }

func leave(t *testing.T, k Kernel, leaves []faults.Leaving) {
	ids := []string{"faults.pass"}
	for _, l := range leaves {
		ids = append(ids, l.Spec)
	}
	p := faultPlan(t, k, Auto, ids...)
	// Where all before it left something, the last has a guest to itself, which does not look.
	for last := ""; last != "faults.pass"; p.Seed++ {
		last = p.withSeed(p.Seed + 1)[len(ids)-1]
	}
	c := &collector{t: t}
	if err := p.Do(t.Context(), c, c); err != nil {
		t.Fatal(err)
	}
	for _, l := range leaves {
		i := slices.IndexFunc(c.all, func(v verdict.Verdict) bool { return v.Spec == l.Spec })
		if i < 0 {
			t.Errorf("%s: no verdict", l.Spec)
			continue
		}
		guest := c.all[i].Guest
		if guest == nil && c.all[i].Shared != nil {
			guest = c.all[i].Shared.Guest
		}
		if guest == nil {
			t.Errorf("%s: %s, and nothing is known of its guest", l.Spec, c.all[i].Kind)
			continue
		}
		as := " " + string(l.As) + " "
		if !slices.ContainsFunc(guest.Left, func(s string) bool { return strings.Contains(s, as) }) {
			t.Errorf("%s: no %s among what is left: %q", l.Spec, l.As, guest.Left)
		}
	}
}

// withSeed returns the specs of the plan's first guest in the order of a seed.
func (p Plan) withSeed(seed uint64) []string {
	p.Seed = seed
	return p.batches(p.Kernels[0])[0].ids()
}
