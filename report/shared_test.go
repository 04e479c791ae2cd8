// SPDX-License-Identifier: Apache-2.0

package report

import (
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
	}}
	want := []string{
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
