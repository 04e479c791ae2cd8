// SPDX-License-Identifier: Apache-2.0

package report

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/loadstone-bpf/loadstone/verdict"
)

func TestSeedZero(t *testing.T) {
	got := sameOrder(verdict.Run{Command: []string{"/x/loadstone", "run", "--seed", "0"}, Seed: 4711})
	if !strings.Contains(got, "4711") {
		t.Errorf("%q does not give the order of seed 4711", got)
	}
}

func TestNotesSayWhatAVerdictDoesNot(t *testing.T) {
	f := &verdict.File{Verdicts: []verdict.Verdict{
		{Kind: verdict.Pass},
		{Kind: verdict.Pass, Starved: 1},
		{Kind: verdict.Pass, Shared: &verdict.Shared{Kind: verdict.Broken, Starved: true}},
		{Kind: verdict.Pass, Guest: &verdict.Guest{Left: []string{"new mount bpf on /run/x"}}},
	}}
	want := []string{
		"1 spec left its guest other than it was, which was not used again",
		"2 specs were run again, as a limit passed on a host too busy for it",
	}
	if diff := cmp.Diff(want, notes(f)); diff != "" {
		t.Error(diff)
	}
	if got := notes(new(verdict.File)); len(got) > 0 {
		t.Errorf("notes on nothing: %q", got)
	}
}
