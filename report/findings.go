// SPDX-License-Identifier: Apache-2.0

package report

import (
	"cmp"
	"slices"

	"github.com/loadstone-bpf/loadstone/verdict"
)

// A finding holds what a reader has to know about: the same verdict, for the same reason, of one
// loader on one spec, on one or more kernels.
type finding struct {
	verdict.Verdict          // on the first of the kernels
	Kernels         []string // in the order of the run
	words           []string // the same, as a command line names them
}

// findings returns the verdicts that deserve attention, those that end a run with an error first.
// Verdicts that differ only in the kernel are one finding.
func findings(f *verdict.File) []finding {
	type sameness struct{ kind, loader, spec, reason, expected, seen string }
	at := make(map[sameness]int)
	var found []finding
	for _, v := range sorted(f) {
		if !v.Fails() && !v.Unknown() && !v.Advisory() {
			continue
		}
		same := sameness{string(v.Kind), v.LoaderName(), v.Spec, v.Reason, v.Expected, v.Seen}
		if i, ok := at[same]; ok {
			found[i].Kernels = append(found[i].Kernels, v.Cell.Kernel)
			found[i].words = append(found[i].words, v.KernelAnywhere())
			continue
		}
		at[same] = len(found)
		found = append(found, finding{
			Verdict: v, Kernels: []string{v.Cell.Kernel}, words: []string{v.KernelAnywhere()},
		})
	}
	slices.SortStableFunc(found, func(a, b finding) int {
		return cmp.Compare(weight(a.Verdict), weight(b.Verdict))
	})
	return found
}

// weight orders findings: failures of the loader, then of the kernel, then of the harness, and
// advice last.
func weight(v verdict.Verdict) int {
	switch {
	case v.FailsAmongOthers():
		return 0
	case v.Advisory():
		return len(verdict.Kinds)
	}
	return slices.Index(verdict.Kinds, v.Kind)
}

// again returns the command that reproduces a finding on all its kernels.
func (f finding) again() string { return verdict.Again(f.Cell, f.Spec, f.words[1:]...) }

// sorted returns the verdicts in the order of the run's loaders and kernels and of the specs'
// names, which does not depend on which clone was faster.
func sorted(f *verdict.File) []verdict.Verdict {
	m := f.Matrix()
	loader := func(v verdict.Verdict) int { return slices.Index(m.Loaders, v.LoaderName()) }
	kernel := func(v verdict.Verdict) int { return slices.Index(m.Kernels, v.Cell.Kernel) }
	vs := slices.Clone(f.Verdicts)
	slices.SortStableFunc(vs, func(a, b verdict.Verdict) int {
		return cmp.Or(
			cmp.Compare(loader(a), loader(b)),
			cmp.Compare(a.Suite, b.Suite),
			cmp.Compare(a.Spec, b.Spec),
			cmp.Compare(kernel(a), kernel(b)),
		)
	})
	return vs
}

// asPlanned returns the run as it was planned: with a missing verdict for each spec that never ran.
// What its [gaps] lack has no name in the file.
func asPlanned(f *verdict.File) *verdict.File {
	w := *f
	w.Verdicts = slices.Concat(f.Verdicts, f.Absent())
	return &w
}

// A gap describes a part of the plan for which the file lacks verdicts.
type gap struct {
	verdict.Part
	Missing int
}

// gaps returns the incomplete parts of the plan, in its order.
func gaps(f *verdict.File) []gap {
	m := f.Matrix()
	var gs []gap
	for _, p := range f.Run.Plan {
		c := m.At(p.Loader, p.Kernel, p.Suite)
		there := 0
		for _, n := range c.Kinds {
			there += n
		}
		if there < c.Planned {
			gs = append(gs, gap{p, c.Planned - there})
		}
	}
	return gs
}
