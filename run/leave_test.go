// SPDX-License-Identifier: Apache-2.0

package run

import (
	"slices"
	"strings"
	"testing"

	"github.com/loadstone-bpf/loadstone/suites/faults"
	"github.com/loadstone-bpf/loadstone/verdict"
)

// Whatever a spec leaves behind is seen in the guest that it ran in, and no spec runs there after
// it.
func TestNoSpecRunsAfterOneThatLeavesSomething(t *testing.T) {
	ids := []string{"faults.pass"}
	for _, l := range faults.Leaves {
		ids = append(ids, l.Spec)
	}
	c := &collector{t: t}
	p := faultPlan(t, testVirtual(t), Auto, ids...)
	p.Jobs = 8 // they wait most of the time: for the kernel to free what it never does
	// Where all before it left something, the last has a guest to itself, which does not look.
	for last := ""; last != "faults.pass"; p.Seed++ {
		ordered := p.batches(p.Kernels[0])[0].ids()
		last = ordered[len(ordered)-1]
	}
	p.Seed--
	if err := p.Do(t.Context(), c, c); err != nil {
		t.Fatal(err)
	}
	for _, l := range faults.Leaves {
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
