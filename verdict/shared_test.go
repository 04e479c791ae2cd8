// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/loadstone-bpf/loadstone/record"
)

func cleanAfter(spec string) record.State {
	return record.State{Spec: spec, Held: map[string]int{"map": 1}}
}

func dirtyAfter(spec string) record.State {
	return record.State{Spec: spec, Changes: []string{"new mount bpf on /run/x"}}
}

func lateAfter(spec string, late record.Late) record.State {
	return record.State{Spec: spec, Late: late}
}

// TestOnlyAProvedGuestCounts shows what becomes of the second spec of a watched guest that ran two.
func TestOnlyAProvedGuestCounts(t *testing.T) {
	passed := func(spec string) []any {
		return []any{begin(spec), log(spec), finish(spec, record.Passed)}
	}
	stream := func(parts ...any) []Heard {
		items := []any{accepted(2)}
		for _, p := range parts {
			if several, ok := p.([]any); ok {
				items = append(items, several...)
			} else {
				items = append(items, p)
			}
		}
		return heard(items...)
	}
	const warn = "[   12.345678] WARNING: CPU: 1 PID: 77 at kernel/bpf/core.c:2345 bpf_prog_free+0x1b/0x30"
	blind := record.State{Spec: one, Error: "open /proc/modules: no such file"}
	panicked := Ending{Cause: Panicked, Detail: "Fatal exception"}
	for _, tc := range []struct {
		name   string
		heard  []Heard
		ending Ending
		kind   Kind
		reason string
	}{
		{"proved clean", stream(cleanAfter(""), passed(one), cleanAfter(one), passed(two), cleanAfter(two), end(2)), off, Pass, ""},
		{"left something itself", stream(cleanAfter(""), passed(one), cleanAfter(one), passed(two), dirtyAfter(two), end(2)), off, Pass, ""},
		{"not clean after the first", stream(cleanAfter(""), passed(one), dirtyAfter(one), passed(two), cleanAfter(two), end(2)), off, Broken, "not clean after mapdefs.one: new mount bpf on /run/x"},
		{"not seen whole after the first", stream(cleanAfter(""), passed(one), blind, passed(two), cleanAfter(two), end(2)), off, Broken, "could not be seen whether the guest was clean after mapdefs.one: open /proc/modules"},
		{"no state after the first", stream(cleanAfter(""), passed(one), passed(two), cleanAfter(two), end(2)), off, Broken, "nothing proves that the guest was clean after mapdefs.one"},
		{"no state at the start", stream(passed(one), cleanAfter(one), passed(two), cleanAfter(two), end(2)), off, Broken, "nothing says how the guest was before its first spec"},
		{"not clean at the start", stream(dirtyAfter(""), passed(one), cleanAfter(one), passed(two), cleanAfter(two), end(2)), off, Broken, "not clean before its first spec"},
		{"state of another spec", stream(cleanAfter(""), passed(one), cleanAfter(two), passed(two), cleanAfter(two), end(2)), off, Broken, "nothing proves that the guest was clean after mapdefs.one"},
		{"two states", stream(cleanAfter(""), passed(one), cleanAfter(one), passed(two), cleanAfter(two), dirtyAfter(two), end(2)), off, Broken, "second or early state"},
		{"state before the finish", stream(cleanAfter(""), passed(one), cleanAfter(one), begin(two), cleanAfter(two), log(two), finish(two, record.Passed), end(2)), off, Broken, "second or early state"},
		{"state after the first came before its finish", stream(cleanAfter(""), begin(one), cleanAfter(one), log(one), finish(one, record.Passed), passed(two), cleanAfter(two), end(2)), off, Broken, "nothing proves that the guest was clean after mapdefs.one"},
		{"the first never finished", stream(cleanAfter(""), begin(one), cleanAfter(one), passed(two), cleanAfter(two), end(1)), off, Broken, "nothing proves that the guest was clean after mapdefs.one"},
		{"the kernel complained in the first", stream(cleanAfter(""), begin(one), log(one, warn), finish(one, record.Passed), cleanAfter(one), passed(two), cleanAfter(two), end(2)), off, Broken, "the kernel complained after mapdefs.one: WARNING"},
		{"the kernel complained after the first", stream(cleanAfter(""), passed(one), lateAfter(one, record.Late{Lines: []string{"1,2,3,-;WARNING: possible circular locking dependency detected"}}), passed(two), cleanAfter(two), end(2)), off, Broken, "the kernel complained after mapdefs.one: WARNING: possible circular"},
		{"no state after it", stream(cleanAfter(""), passed(one), cleanAfter(one), passed(two), end(2)), off, Broken, "no state of the guest after the spec"},
		{"the kernel warns after it", stream(cleanAfter(""), passed(one), cleanAfter(one), passed(two), lateAfter(two, record.Late{Lines: []string{warn}}), end(2)), off, Fail, "kernel splat: WARNING"},
		{"the kernel is tainted after it", stream(cleanAfter(""), passed(one), cleanAfter(one), passed(two), lateAfter(two, record.Late{Tainted: 1 << 9}), end(2)), off, Fail, "kernel splat: the kernel is tainted: W"},
		{"its log is not read whole after it", stream(cleanAfter(""), passed(one), cleanAfter(one), passed(two), lateAfter(two, record.Late{Error: "overrun"}), end(2)), off, Broken, "the kernel log could not be read whole: overrun"},
		{"the log is not read whole after the first", stream(cleanAfter(""), passed(one), lateAfter(one, record.Late{Error: "overrun"}), passed(two), cleanAfter(two), end(2)), off, Broken, "the kernel log could not be read whole after mapdefs.one: overrun"},
		{"the kernel panics after its state", stream(cleanAfter(""), passed(one), cleanAfter(one), passed(two), cleanAfter(two)), panicked, Crash, "after the spec finished"},
		{"the guest gives no end", stream(cleanAfter(""), passed(one), cleanAfter(one), passed(two), cleanAfter(two)), off, Broken, "without its end record"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			want := wantOne
			want.Spec = two
			v := Judge(want, Evidence{
				Ordered: []string{one, two}, Watched: true, Heard: tc.heard, Ending: tc.ending,
			})
			if v.Kind != tc.kind || !strings.Contains(v.Reason, tc.reason) {
				t.Errorf("%s: %q, want %s: %q", v.Kind, v.Reason, tc.kind, tc.reason)
			}
			if v.Guest == nil || v.Guest.Place != 2 {
				t.Errorf("guest %+v, want the second place in one", v.Guest)
			}
		})
	}
}

func TestSpecsInAnotherOrderThanTheSeedsProveNothing(t *testing.T) {
	v := Judge(wantOne, Evidence{Ordered: []string{one, two}, Watched: true, Ending: off,
		Heard: heard(accepted(2), cleanAfter(""),
			begin(two), log(two), finish(two, record.Passed), cleanAfter(two),
			begin(one), log(one), finish(one, record.Passed), cleanAfter(one), end(2))})
	if v.Kind == Pass {
		t.Error("counts")
	}
}

func TestAGuestKeepsWhatIsNotAsItWas(t *testing.T) {
	v := Judge(wantOne, Evidence{
		Ordered: []string{one, two}, Watched: true, Ending: off, Heard: heard(accepted(2),
			cleanAfter(""), begin(one), log(one), finish(one, record.Passed),
			record.State{Spec: one, Held: map[string]int{"mount": 13}, Changes: []string{"new mount x"},
				Error: "no taint"}, record.End{Specs: 1, Retired: "after mapdefs.one"}),
	})
	want := &Guest{Place: 1, Held: map[string]int{"mount": 13}, Left: []string{"new mount x", "no taint"}}
	if diff := cmp.Diff(want, v.Guest); diff != "" || v.Kind != Pass {
		t.Errorf("%s: %s\n%s", v.Kind, v.Reason, diff)
	}
}

func TestAStateThatWasNotAskedFor(t *testing.T) {
	v := Judge(wantOne, Evidence{Ordered: []string{one}, Ending: off, Heard: heard(accepted(1),
		begin(one), log(one), finish(one, record.Passed), cleanAfter(one), end(1))})
	if v.Kind != Broken || !strings.Contains(v.Reason, "not asked for") {
		t.Errorf("%s: %s", v.Kind, v.Reason)
	}
}

func TestARetiredGuestOwesWhatItDidNotBegin(t *testing.T) {
	ev := Evidence{Ordered: []string{one, two, three}, Heard: heard(accepted(3), begin(one), log(one),
		finish(one, record.Passed), dirtyAfter(one), record.End{Specs: 1, Retired: "after mapdefs.one"})}
	if diff := cmp.Diff([]string{two, three}, Owed(ev)); diff != "" {
		t.Error(diff)
	}
}

func TestWhatASpecWasAmongOthers(t *testing.T) {
	own := Verdict{Spec: one, Kind: Pass}
	among := Verdict{Spec: one, Kind: Fail, Reason: "map 7 is there", Guest: &Guest{Place: 3}}
	v := own.With(among.InShared([]string{two, three}))
	want := &Shared{
		Kind: Fail, Reason: "map 7 is there", Guest: &Guest{Place: 3}, Differs: true,
		After: []string{two, three},
	}
	if diff := cmp.Diff(want, v.Shared); diff != "" || !v.Differs() {
		t.Error(diff)
	}
	own.Kind = Fail
	v = own.With(among.InShared([]string{two, three}))
	if v.Differs() || v.Shared.After != nil {
		t.Errorf("the same verdict twice: %+v", v.Shared)
	}
	if own.With(nil).Shared != nil {
		t.Error("something was kept of nothing")
	}
}
