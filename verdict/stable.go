// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"cmp"
	"slices"
)

// An Unstable describes a spec that did not end the same each time that it was asked of one cell.
type Unstable struct {
	Spec string `json:"spec"`
	Cell
	Verdicts []*Verdict `json:"verdicts"` // one per run, in their order; null where a run has none
}

// A Stability says what several runs of the same plan agree on.
type Stability struct {
	Runs     int        `json:"runs"`
	Same     int        `json:"same"`     // specs in a cell that ended the same in every run
	Unstable []Unstable `json:"unstable"` // by cell, then by spec
}

// Stable reports whether every spec ended the same each time, and there were any.
func (s *Stability) Stable() bool { return len(s.Unstable) == 0 && s.Same > 0 }

// Repeated holds runs of the same plan against each other. A spec ended the same where its kind is,
// and in what way it failed; it did not where one run has a verdict on it and another none, nor
// where it ended otherwise in a guest that others had used, though its verdict be the same: that
// depends on the order of the specs, which each run shuffles.
func Repeated(runs []*File) *Stability {
	type place struct{ spec, loader, version, kernel string }
	found := make(map[place]*Unstable)
	for i, f := range runs {
		for j := range f.Verdicts {
			v := &f.Verdicts[j]
			at := place{v.Spec, v.Loader, v.LoaderVersion, v.Kernel}
			if found[at] == nil {
				found[at] = &Unstable{
					Spec: v.Spec, Cell: v.Cell, Verdicts: make([]*Verdict, len(runs)),
				}
			}
			found[at].Verdicts[i] = v
		}
	}
	s := &Stability{Runs: len(runs), Unstable: []Unstable{}}
	for _, u := range found {
		if u.same() {
			s.Same++
		} else {
			s.Unstable = append(s.Unstable, *u)
		}
	}
	slices.SortFunc(s.Unstable, func(a, b Unstable) int {
		return cmp.Or(cmp.Compare(a.Cell.String(), b.Cell.String()), cmp.Compare(a.Spec, b.Spec))
	})
	return s
}

func (u *Unstable) same() bool {
	first := u.Verdicts[0]
	return !slices.ContainsFunc(u.Verdicts, func(v *Verdict) bool {
		return v == nil || first == nil || v.Differs() || v.Kind != first.Kind ||
			v.Class() != first.Class()
	})
}
