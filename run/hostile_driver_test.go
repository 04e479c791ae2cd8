// SPDX-License-Identifier: Apache-2.0

package run

import (
	"testing"
	"time"

	"github.com/loadstone-bpf/loadstone/drivers/faults"
	"github.com/loadstone-bpf/loadstone/verdict"
)

// A driver that wants a pass which it has not earned gets none, whatever it tries as root. One that
// only prints what looks like a crash of the kernel is not taken for one.
func TestNoDriverForgesItsVerdict(t *testing.T) {
	const spec = "mapdefs.use.program-sees-map"
	brought := faultyBundle(t)
	p := faultPlan(t, testVirtual(t), BySpec, spec)
	p.Limits.Request = 10 * time.Second
	p.Loaders = nil
	for _, f := range append(faults.Hostile, faults.Loud) {
		p.Loaders = append(p.Loaders, Loader{
			Name: f.Name, Version: "1.0", Payload: brought.Payload, Command: brought.Command,
			Env: []string{"GOGC=off", faults.EnvFault + "=" + f.Name,
				faults.EnvName + "=" + f.Name},
		})
	}
	seen := make(map[string]verdict.Kind)
	sink := sinkFunc(func(v verdict.Verdict) error {
		t.Logf("%-7s %-16s %s", v.Kind, v.Loader, v.Reason)
		seen[v.Loader] = v.Kind
		if pass := v.Loader == faults.Loud.Name; (v.Kind == verdict.Pass) != pass {
			t.Errorf("%s is %s (%s)\n%v", v.Loader, v.Kind, v.Reason, v.Conversation)
		}
		return nil
	})
	if err := p.Do(t.Context(), sink, &notes{}); err != nil {
		t.Fatal(err)
	}
	if len(seen) != len(p.Loaders) {
		t.Errorf("verdicts on %v", seen)
	}
	// These have written what the host sees; the others are kept from what they wanted.
	for _, name := range []string{"forge-port", "forge-ring"} {
		if seen[name] != verdict.Broken {
			t.Errorf("%s is %s, want %s", name, seen[name], verdict.Broken)
		}
	}
}
