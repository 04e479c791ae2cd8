// SPDX-License-Identifier: Apache-2.0

package report

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/loadstone-bpf/loadstone/verdict"
)

func TestTheSameOrderIsAskedForByCellAndSeed(t *testing.T) {
	cell := verdict.Cell{Kernel: "6.12", Loader: "libbpf", LoaderVersion: "1.7"}
	for _, seed := range [][]string{{"--seed", "0"}, {"--seed=0"}, nil} {
		command := append([]string{"/x/loadstone", "run", "--suite", "numa", "--kernel=6.12", "--kernel",
			"5.10", "--loader", "all", "--out", "/x", "-j4", "-j", "2"}, seed...)
		got := sameOrder(verdict.Run{Command: command, Seed: 4711}, cell)
		want := "loadstone run --suite numa --kernel 6.12 --loader libbpf@1.7 --seed 4711 --out out/again"
		if got != want {
			t.Errorf("%q\n%q, want\n%q", command, got, want)
		}
	}
}

func TestNotesSayWhatAVerdictDoesNot(t *testing.T) {
	f := &verdict.File{Verdicts: []verdict.Verdict{
		{Spec: "a.1", Kind: verdict.Pass},
		{Spec: "a.2", Kind: verdict.Pass, Starved: 1},
		{Spec: "a.3", Kind: verdict.Pass, Shared: &verdict.Shared{Kind: verdict.Broken, Starved: true}},
		{Spec: "a.4", Kind: verdict.Pass, Guest: &verdict.Guest{Left: []string{"new mount bpf on /run/x"}}},
	}, End: &verdict.End{Notes: []string{"7.3 was booted twice: oops"}}}
	want := []string{
		"7.3 was booted twice: oops",
		"1 spec left its guest other than it was, which was not used again: a.4",
		"2 specs were run again, as a limit passed on a host too busy for them: a.2, a.3",
	}
	if diff := cmp.Diff(want, notes(f)); diff != "" {
		t.Error(diff)
	}
	if got := notes(new(verdict.File)); len(got) > 0 {
		t.Errorf("notes on nothing: %q", got)
	}
}

// A kernel that died or complained in a shared guest fails a run, whatever the spec does alone:
// each report has to say so.
func TestWhatFailsAmongOthersIsRedEverywhere(t *testing.T) {
	for _, v := range []verdict.Verdict{
		{Kind: verdict.Pass},
		{Kind: verdict.Skip, Reason: "kernel: needs 6.9, has 6.1"},
		{Kind: verdict.Refused, Reason: "not claimed"},
		{Kind: verdict.Fail, Level: verdict.Should, Reason: "not met"},
		{Kind: verdict.XFail, Reason: "known", Expectation: &verdict.Expectation{Issue: "x"}},
		{Kind: verdict.Flaky, Reason: "passed this time", Expectation: &verdict.Expectation{Issue: "x"}},
	} {
		v.Spec, v.Suite, v.Loader, v.Cell.Kernel = "a.1", "a", "libbpf", "6.12"
		v.Shared = &verdict.Shared{Kind: verdict.Crash, Reason: "kernel panic", Differs: true}
		f := &verdict.File{Verdicts: []verdict.Verdict{v}, Run: verdict.Run{
			Plan: []verdict.Part{{Loader: "libbpf", Kernel: "6.12", Suite: "a", Specs: 1}}, Planned: 1,
		}}
		if name, c := label(v); name != "DEPENDS" || c != red {
			t.Errorf("%s: label %q in %v", v.Kind, name, c)
		}
		if c := f.Matrix().At("libbpf", "6.12", "a"); shade(c) != red || c.Among != 1 {
			t.Errorf("%s: the matrix has %+v in %v", v.Kind, c, shade(c))
		}
		tc := junitVerdict(v)
		if tc.Failure == nil || tc.Skipped != nil || !strings.Contains(tc.Failure.Message, "panic") {
			t.Errorf("%s: JUnit has failure %+v, skipped %+v", v.Kind, tc.Failure, tc.Skipped)
		}
		if found := findings(f); len(found) != 1 || weight(v) != 0 {
			t.Errorf("%s: findings %+v", v.Kind, found)
		}
	}
}
