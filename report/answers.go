// SPDX-License-Identifier: Apache-2.0

package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/loadstone-bpf/loadstone/verdict"
)

// An answer says in a sentence how one loader did in a run.
type answer struct {
	Loader string
	Mood   string // class of what it says: "good", "bad", "unknown"
	Says   string // "3 musts unmet, the same on 5.10, 6.12 and 7.3; 2 shoulds unmet"
}

// answers returns a sentence for each loader of a run, in its order. A must is unmet where its spec
// failed or the kernel died, whatever was expected: an expectation makes nothing work.
func answers(f *verdict.File) []answer {
	m := f.Matrix()
	names := kernelsOf(f)
	about := ofSpecs
	if isCheck(f) {
		about = ofObjects
	}
	var all []answer
	for _, loader := range m.Loaders {
		var mine []verdict.Verdict
		for _, v := range f.Verdicts {
			if v.LoaderName() == loader {
				mine = append(mine, v)
			}
		}
		all = append(all, answerOf(about, loader, mine, m.Kernels, names))
	}
	return all
}

// A wording holds the words for what verdicts are about.
type wording struct{ one, bad, good string }

var (
	ofSpecs   = wording{"must", "unmet", "every must that it claims is met"}
	ofObjects = wording{"object", "not as expected", "every object is as expected"}
)

// isCheck reports whether a file is of objects that a user brought, which are held to no
// requirement.
func isCheck(f *verdict.File) bool { return len(f.Run.Objects) > 0 }

func answerOf(about wording, loader string, vs []verdict.Verdict, kernels []string, names kernelNames) answer {
	a := answer{Loader: loader, Mood: "good"}
	musts, shoulds := make(map[string][]string), make(map[string][]string) // spec to kernels
	asked := make(map[string]bool)                                         // kernels
	passed, known, unknown := 0, make(map[string]bool), 0
	for _, v := range vs {
		asked[v.Kernel] = true
		switch {
		case v.Kind == verdict.XFail && about == ofObjects: // refused, as its author expects
			passed++
		case v.Advisory():
			shoulds[v.Spec] = append(shoulds[v.Spec], v.Kernel)
		case unmet(v):
			musts[v.Spec] = append(musts[v.Spec], v.Kernel)
			if v.Kind == verdict.XFail {
				known[v.Spec] = true
			}
		case v.Unknown():
			unknown++
		case v.Kind == verdict.Pass || v.Kind == verdict.XPass:
			passed++
		}
	}
	var parts []string
	switch {
	case len(musts) > 0:
		a.Mood = "bad"
		said := amount(len(musts), about.one) + " " + about.bad
		if len(known) > 0 {
			said += fmt.Sprintf(" (%d known)", len(known))
		}
		parts = append(parts, said+where(musts, kernels, asked, names))
	case passed == 0:
		a.Mood = "unknown"
		parts = append(parts, "nothing passed")
	default:
		parts = append(parts, about.good+onKernels(kernels, asked, names))
	}
	if unknown > 0 {
		if a.Mood == "good" {
			a.Mood = "unknown"
		}
		parts = append(parts, amount(unknown, "verdict")+" could not be told")
	}
	if len(shoulds) > 0 {
		parts = append(parts, amount(len(shoulds), "should")+" unmet")
	}
	a.Says = strings.Join(parts, "; ")
	return a
}

// unmet reports whether a verdict says that a loader, or the kernel, does not do what is asked.
func unmet(v verdict.Verdict) bool {
	switch v.Kind {
	case verdict.Fail, verdict.XFail, verdict.Crash, verdict.Flaky:
		return !v.Advisory()
	}
	return false
}

func amount(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// onKernels names the kernels that were asked, for the end of a sentence.
func onKernels(kernels []string, asked map[string]bool, names kernelNames) string {
	var on []string
	for _, k := range kernels {
		if asked[k] {
			on = append(on, k)
		}
	}
	if len(on) == 0 {
		return ""
	}
	return " on " + names.list(on)
}

// where says on which kernels specs are unmet: the same on all that were asked, or how many where.
func where(specs map[string][]string, kernels []string, asked map[string]bool, names kernelNames) string {
	if len(asked) == 1 {
		return onKernels(kernels, asked, names)
	}
	groups := make(map[string]int)
	order := make(map[string]int) // how many kernels
	for _, on := range specs {
		sorted := slices.SortedFunc(slices.Values(on), func(a, b string) int {
			return cmp.Compare(slices.Index(kernels, a), slices.Index(kernels, b))
		})
		key := "only on " + names.list(sorted)
		if len(sorted) == len(asked) {
			key = "on all kernels"
		}
		groups[key]++
		order[key] = len(sorted)
	}
	if len(groups) == 1 && groups["on all kernels"] > 0 {
		return ", the same on all kernels"
	}
	keys := slices.SortedFunc(maps.Keys(groups), func(a, b string) int {
		return cmp.Or(order[b]-order[a], cmp.Compare(a, b))
	})
	const most = 4
	var parts []string
	for i, key := range keys {
		if i == most {
			parts = append(parts, "others elsewhere")
			break
		}
		parts = append(parts, fmt.Sprintf("%d %s", groups[key], key))
	}
	return ": " + strings.Join(parts, ", ")
}

// A standing says how a loader does with one feature, on the worst of the kernels.
type standing struct {
	Loader, Feature string
	Word            string // "works", "partly", "fails", "refused", "skipped", "unknown"; "" where nothing was asked
	Mood            string
	Passed, Asked   int // musts on the worst kernel, without those that were skipped
}

// featureTable holds loaders × features.
type featureTable struct {
	Features []string
	Rows     []featureRow
}

type featureRow struct {
	Loader string
	Cells  []standing
}

// features returns how each loader does with each feature that its specs are about. A spec of
// several features counts for each.
func features(f *verdict.File) featureTable {
	type place struct{ loader, feature, kernel string }
	counts := make(map[place]*featureCount)
	var t featureTable
	for _, v := range f.Verdicts {
		for _, feature := range v.Profiles {
			at := place{v.LoaderName(), feature, v.Kernel}
			if counts[at] == nil {
				counts[at] = new(featureCount)
			}
			counts[at].add(v)
			if !slices.Contains(t.Features, feature) {
				t.Features = append(t.Features, feature)
			}
		}
	}
	slices.Sort(t.Features)
	m := f.Matrix()
	for _, loader := range m.Loaders {
		row := featureRow{Loader: loader}
		for _, feature := range t.Features {
			worst := standing{Loader: loader, Feature: feature}
			for _, kernel := range m.Kernels {
				if c := counts[place{loader, feature, kernel}]; c != nil {
					worst = worse(worst, c.standing(loader, feature))
				}
			}
			row.Cells = append(row.Cells, worst)
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// A featureCount counts verdicts on one feature in one cell.
type featureCount struct{ passed, failed, refused, skipped, unknown int }

func (c *featureCount) add(v verdict.Verdict) {
	switch {
	case unmet(v):
		c.failed++
	case v.Kind == verdict.Refused:
		c.refused++
	case v.Kind == verdict.Skip:
		c.skipped++
	case v.Unknown():
		c.unknown++
	case v.Kind == verdict.Pass, v.Kind == verdict.XPass:
		c.passed++
	}
}

// standingWords lists the words of standings, from best to worst. What a kernel lacks takes nothing
// from a loader.
var standingWords = []struct{ word, mood string }{
	{"", "none"}, {"skipped", "none"}, {"works", "good"}, {"refused", "none"}, {"unknown", "unknown"},
	{"partly", "bad"}, {"fails", "bad"},
}

func (c featureCount) standing(loader, feature string) standing {
	s := standing{
		Loader: loader, Feature: feature, Passed: c.passed, Asked: c.passed + c.failed + c.unknown,
	}
	switch {
	case c.failed > 0 && c.passed == 0:
		s.Word = "fails"
	case c.failed > 0:
		s.Word = "partly"
	case c.unknown > 0:
		s.Word = "unknown"
	case c.passed > 0:
		s.Word = "works"
	case c.refused > 0:
		s.Word = "refused"
	case c.skipped > 0:
		s.Word = "skipped"
	}
	for _, w := range standingWords {
		if w.word == s.Word {
			s.Mood = shaded(w.mood, s.Asked-s.Passed, s.Asked)
		}
	}
	return s
}

// worse returns the worse of two standings: of two that are alike, the one with more unmet.
func worse(a, b standing) standing {
	place := func(s standing) int {
		return slices.IndexFunc(standingWords, func(w struct{ word, mood string }) bool { return w.word == s.Word })
	}
	switch c := cmp.Or(place(b)-place(a), (b.Asked-b.Passed)-(a.Asked-a.Passed)); {
	case c > 0:
		return b
	default:
		return a
	}
}
