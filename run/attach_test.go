// SPDX-License-Identifier: Apache-2.0

package run

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/loadstone-bpf/loadstone/drivers/faults"
	"github.com/loadstone-bpf/loadstone/objects"
	"github.com/loadstone-bpf/loadstone/record"
	"github.com/loadstone-bpf/loadstone/verdict"
)

// Programs of an object are attached in a guest, where the kernel says what holds them, and
// detached. A loader that says so and does not is caught, at either.
func TestProgramsOfAnObjectAreAttachedInAGuest(t *testing.T) {
	const attaches, missing, apart = "check.object/1-several", "check.object/2-missing", "check.object/3-apart"
	brought := faultyBundle(t)
	p := faultPlan(t, testVirtual(t), BySpec)
	p.Loaders = nil
	for _, name := range []string{"none", faults.Attaching[0].Name, faults.Attaching[1].Name} {
		p.Loaders = append(p.Loaders, Loader{
			Name: name, Version: "1.0", Payload: brought.Payload, Command: brought.Command,
			Env: []string{"GOGC=off", faults.EnvFault + "=" + name, faults.EnvName + "=" + name},
		})
	}
	p.Objects = map[string]Object{
		attaches: {Name: "several", ELF: objects.Attach.Several.ELF(), Attach: []record.Attaching{
			{Program: "first", Kind: "xdp"}, {Program: "second", Kind: "xdp"},
			{Program: "switched", Kind: "handler"}, {Program: "nowhere", Untried: "it is missing"},
		}},
		missing: {Name: "missing", ELF: objects.Attach.TracepointMissing.ELF(), Attach: []record.Attaching{
			{Program: "handle", Kind: "handler", Probe: "tracepoint sched/loadstone_nowhere"},
		}},
		apart: {Name: "apart", ELF: objects.Attach.Tc.ELF(), Attach: []record.Attaching{
			{Program: "handle", Kind: "tc"}, // which this loader does not know
		}},
	}
	for _, id := range []string{attaches, missing, apart} {
		p.Specs = append(p.Specs, record.Spec{ID: id, Suite: "check"})
	}
	seen := make(map[string]verdict.Verdict)
	if err := p.Do(t.Context(), sinkFunc(func(v verdict.Verdict) error {
		t.Logf("%-7s %-14s %s: %s", v.Kind, v.Loader, v.Spec, v.Reason)
		seen[v.Loader+" "+v.Spec] = v
		return nil
	}), &notes{}); err != nil {
		t.Fatal(err)
	}

	v := seen["none "+attaches]
	xdp := record.Attached{Kind: "xdp", By: "xdp", To: "interface lsat0"}
	first, second := xdp, xdp
	first.Program, second.Program = "first", "second"
	wantAttached(t, v, verdict.Pass, first, second,
		record.Attached{Program: "switched", Kind: "handler", By: "perf_event", To: "tracepoint sched_switch"},
		record.Attached{Program: "nowhere", Untried: "it is missing"})
	for _, a := range v.Checked.Attached[:3] {
		if a.Link == 0 {
			t.Errorf("%s: no link", a.Program)
		}
	}
	wantAttached(t, seen["none "+missing], verdict.Refused, record.Attached{
		Program: "handle", Kind: "handler",
		Refusal: &record.Refusal{Op: "attach", Stage: "attach", Class: "not-found", Errno: 2},
		Probe:   &record.Probe{Need: "tracepoint sched/loadstone_nowhere"},
	})
	wantAttached(t, seen["none "+apart], verdict.Pass, record.Attached{
		Program: "handle", Kind: "tc", Untried: "the loader does not attach so (tc)",
	})

	pretends := seen[faults.Attaching[0].Name+" "+attaches]
	if pretends.Kind != verdict.Fail || pretends.Checked != nil ||
		!strings.Contains(pretends.Seen, "the loader says that it is attached") {
		t.Errorf("attached nothing: %s, seen %q, %+v", pretends.Kind, pretends.Seen, pretends.Checked)
	}
	stays := seen[faults.Attaching[1].Name+" "+attaches]
	if stays.Kind != verdict.Fail || stays.Checked == nil || !strings.Contains(stays.Seen, "link ") {
		t.Errorf("detached nothing: %s, seen %q, %+v", stays.Kind, stays.Seen, stays.Checked)
	}
}

// wantAttached compares how programs were attached, but for ids and words.
func wantAttached(t *testing.T, v verdict.Verdict, kind verdict.Kind, want ...record.Attached) {
	t.Helper()
	if v.Kind != kind || v.Checked == nil {
		t.Fatalf("%s: %s (%s), want %s", v.Spec, v.Kind, v.Reason, kind)
	}
	if diff := cmp.Diff(want, v.Checked.Attached, cmpopts.IgnoreFields(record.Attached{}, "Link"),
		cmpopts.IgnoreFields(record.Refusal{}, "Message")); diff != "" {
		t.Errorf("%s: %s", v.Spec, diff)
	}
}
