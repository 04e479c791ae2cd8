// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"strings"
	"testing"

	"github.com/loadstone-bpf/loadstone/verdict"
)

// answered returns a run of lines "kernel spec kind feature,…"; a kind with a ? behind it is of a
// should.
func answered(t *testing.T, lines ...string) *verdict.File {
	t.Helper()
	f := &verdict.File{End: &verdict.End{Complete: true}}
	kernels := make(map[string]bool)
	for _, line := range lines {
		var kernel, spec, kind, features string
		if _, err := fmt.Sscan(line, &kernel, &spec, &kind, &features); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		v := verdict.Verdict{
			Spec: spec, Suite: "s", Level: verdict.Must, Profiles: strings.Split(features, ","),
			Cell: verdict.Cell{Loader: "libbpf", LoaderVersion: "1.7", Kernel: kernel},
		}
		word, should := strings.CutSuffix(kind, "?")
		v.Kind = verdict.Kind(word)
		if should {
			v.Level = verdict.Should
		}
		f.Verdicts = append(f.Verdicts, v)
		if !kernels[kernel] {
			kernels[kernel] = true
			f.Run.Kernels = append(f.Run.Kernels, verdict.Kernel{Name: kernel})
			f.Run.Plan = append(f.Run.Plan, verdict.Part{Loader: "libbpf@1.7", Kernel: kernel, Suite: "s"})
		}
	}
	f.Run.Loaders, f.Run.Suites = []verdict.Loader{{Name: "libbpf@1.7"}}, []string{"s"}
	return f
}

// A check is of objects: no must is in it, and nothing that a loader could claim.
func TestAnswersOfACheck(t *testing.T) {
	for want, lines := range map[string][]string{
		"every object is as expected on 5.10, 6.12": {"5.10 a pass x", "6.12 a xfail x"},
		"1 object not as expected: 1 only on 5.10":  {"5.10 a fail x", "6.12 a pass x", "6.12 b xfail x"},
	} {
		f := answered(t, lines...)
		f.Run.Objects = []verdict.Object{{Spec: "a", Label: "a.o"}}
		if got := answers(f); len(got) != 1 || got[0].Says != want {
			t.Errorf("%+v, want %q", got, want)
		}
		if got := claims(f); got != nil {
			t.Errorf("claims %+v", got)
		}
	}
}

func TestAnswers(t *testing.T) {
	for _, tt := range []struct {
		want, mood string
		lines      []string
	}{
		{"every must that it claims is met on 5.10, 6.12", "good", []string{"5.10 a pass x", "6.12 a pass x"}},
		{"every must that it claims is met on 5.10; 1 should unmet", "good", []string{"5.10 a pass x", "5.10 b fail? x"}},
		{"1 must unmet on 5.10", "bad", []string{"5.10 a fail x", "5.10 b pass x"}},
		{"1 must unmet, the same on all kernels", "bad", []string{"5.10 a fail x", "6.12 a crash x"}},
		{
			"3 musts unmet (1 known): 2 on all kernels, 1 only on 6.12", "bad",
			[]string{"5.10 a fail x", "6.12 a fail x", "5.10 b xfail x", "6.12 b xfail x", "6.12 c fail x", "5.10 c pass x"},
		},
		{"every must that it claims is met on 5.10; 1 verdict could not be told", "unknown", []string{"5.10 a pass x", "5.10 b broken x"}},
		{"nothing passed", "unknown", []string{"5.10 a refused x", "5.10 b skip x"}},
	} {
		t.Run(tt.want, func(t *testing.T) {
			all := answers(answered(t, tt.lines...))
			if len(all) != 1 || all[0].Says != tt.want || all[0].Mood != tt.mood {
				t.Errorf("%+v", all)
			}
		})
	}
}

func TestFeaturesAreThoseOfTheWorstKernel(t *testing.T) {
	f := answered(t,
		"5.10 a pass works,both", "6.12 a pass works,both", "5.10 b fail fails,both", "6.12 b pass fails,both",
		"5.10 c refused refused", "6.12 c refused refused", "5.10 d skip skipped", "6.12 d skip skipped",
		"5.10 e broken unknown", "6.12 e pass unknown", "5.10 f skip newer", "6.12 f pass newer", "6.12 g fail? advice",
		"6.12 h pass advice",
	)
	got := make(map[string]string)
	table := features(f)
	for i, name := range table.Features {
		s := table.Rows[0].Cells[i]
		got[name] = fmt.Sprintf("%s %s %d/%d", s.Word, s.Mood, s.Passed, s.Asked)
	}
	for name, want := range map[string]string{
		"works": "works good 1/1", "both": "partly bad 1/2", "fails": "fails bad 0/1", "refused": "refused none 0/0",
		"skipped": "skipped none 0/0", "unknown": "unknown unknown 0/1", "newer": "works good 1/1", "advice": "works good 1/1",
	} {
		if got[name] != want {
			t.Errorf("%s: %s, want %s", name, got[name], want)
		}
	}
}

func TestOneUnmetDoesNotLookLikeSeventy(t *testing.T) {
	for _, tt := range []struct {
		unmet, claimed int
		want           string
	}{{1, 160, "bad few"}, {8, 160, "bad few"}, {9, 160, "bad"}, {1, 2, "bad"}, {70, 160, "bad"}} {
		if got := shaded("bad", tt.unmet, tt.claimed); got != tt.want {
			t.Errorf("%d of %d: %q, want %q", tt.unmet, tt.claimed, got, tt.want)
		}
	}
	if got := shaded("good", 0, 0); got != "none" {
		t.Errorf("a cell where all was refused is %q", got)
	}
}
