// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// A ChangeKind names what became of a spec between two runs.
type ChangeKind string

// The kinds of change, the worst first. The first two are worse than before.
const (
	Regressed ChangeKind = "regression" // what was met is not, or fails in a worse way
	Lost      ChangeKind = "lost"       // what was known is not: skipped, not claimed, missing, gone
	NewFail   ChangeKind = "new-fail"   // it fails, and was not asked, or not known, before
	Fixed     ChangeKind = "fix"        // what was not met is
	Gained    ChangeKind = "gained"     // it is met, and was not asked, or not known, before
	Other     ChangeKind = "other"      // another kind of verdict, neither better nor worse
)

// A Change describes one spec in one cell that ended otherwise than before.
type Change struct {
	Kind ChangeKind `json:"change"`
	Spec string     `json:"spec"` // its id now, or its last
	Was  *Verdict   `json:"was,omitempty"`
	Is   *Verdict   `json:"is,omitempty"`
	Why  string     `json:"why,omitempty"` // where one of the two is not there
}

// Worse reports whether the change is one for the worse.
func (c Change) Worse() bool { return c.Kind == Regressed || c.Kind == Lost }

// A Comparison holds how a run differs from one before it.
type Comparison struct {
	Changes []Change `json:"changes"` // the worst first, then by spec and cell
	Same    int      `json:"same"`    // specs that ended as before
	// what is to be known beside: "old: the run is incomplete"
	Notes []string `json:"notes,omitempty"`
}

// Worse reports whether anything is worse than before.
func (c *Comparison) Worse() bool { return slices.ContainsFunc(c.Changes, Change.Worse) }

// Of returns the changes of one kind.
func (c *Comparison) Of(kind ChangeKind) []Change {
	var of []Change
	for _, change := range c.Changes {
		if change.Kind == kind {
			of = append(of, change)
		}
	}
	return of
}

// ErrNothingToCompare is wrapped by the error about two runs that have no cell in common.
var ErrNothingToCompare = errors.New("nothing to compare")

// Compare holds what is to be judged against what was before. A cell is compared with the one of
// the same loader, version and kernel. Where both have one version of a loader, its version does
// not count, where both have one loader, its name does not, and where both have one kernel, its
// name does not: these are what is compared then. now returns the id that a spec has now, or why
// there is none any more; nil where none was ever renamed. The error wraps [ErrNothingToCompare].
func Compare(old, is *File, now func(id string) (to, removed string)) (*Comparison, error) {
	pair := pairing(old, is)
	c := &Comparison{Changes: []Change{}}
	for _, f := range []struct {
		name string
		file *File
	}{{"old", old}, {"new", is}} {
		if !f.file.Complete() {
			c.Notes = append(c.Notes, f.name+": the run is incomplete: what it does not have is not known")
		}
	}
	before := make(map[place]*Verdict)
	cells := make(map[place]bool) // of the old run, without spec
	for i := range old.Verdicts {
		v := &old.Verdicts[i]
		p := pair.place(v)
		removed := ""
		if now != nil {
			if p.spec, removed = now(v.Spec); removed != "" {
				c.Notes = append(c.Notes, fmt.Sprintf("%s is no spec any more: %s", v.Spec, removed))
				continue
			}
		}
		before[p] = v
		cells[p.cell()] = true
	}
	here := make(map[place]bool)
	seen := make(map[place]bool)
	for i := range is.Verdicts {
		v := &is.Verdicts[i]
		p := pair.place(v)
		seen[p], here[p.cell()] = true, true
		c.add(p.spec, before[p], v)
	}
	common := false
	for p, v := range before {
		common = common || here[p.cell()]
		if !seen[p] {
			c.add(p.spec, v, nil)
		}
	}
	if !common {
		return nil, fmt.Errorf("%w: old has %s, new has %s", ErrNothingToCompare, cellsOf(old),
			cellsOf(is))
	}
	c.Notes = slices.Compact(slices.Sorted(slices.Values(c.Notes)))
	slices.SortStableFunc(c.Changes, func(a, b Change) int {
		return cmp.Or(cmp.Compare(slices.Index(changeKinds, a.Kind), slices.Index(changeKinds, b.Kind)),
			strings.Compare(a.Spec, b.Spec), strings.Compare(a.Cell().String(), b.Cell().String()))
	})
	return c, nil
}

// changeKinds lists the kinds in their order.
var changeKinds = []ChangeKind{Regressed, Lost, NewFail, Fixed, Gained, Other}

// Cell returns the cell of the change: where it is now, or was.
func (c Change) Cell() Cell {
	if c.Is != nil {
		return c.Is.Cell
	}
	return c.Was.Cell
}

// add takes in a spec that has a verdict in one run or in both.
func (c *Comparison) add(spec string, was, is *Verdict) {
	kind, why := change(was, is)
	if kind == "" {
		c.Same++
		return
	}
	c.Changes = append(c.Changes, Change{Kind: kind, Spec: spec, Was: was, Is: is, Why: why})
}

// A standing says how well a spec stands.
type standing int

const (
	unknown  standing = iota // broken, missing, skipped, or not there
	unmet                    // fails, also where that is expected
	unproven                 // the loader does not claim it, and says so
	met
)

// standingOf returns how well a verdict stands, and how badly a bad one does: a crash is worse than
// a failure.
func standingOf(v *Verdict) (standing, int) {
	if v == nil {
		return unknown, 0
	}
	switch v.Kind {
	case Pass, XPass:
		return met, 0
	case Refused:
		return unproven, 0
	case Crash:
		return unmet, 3
	case Fail, XFail:
		if len(v.Splats) > 0 {
			return unmet, 2
		}
		return unmet, 1
	case Flaky:
		return unmet, 1
	}
	return unknown, 0
}

// change returns how a spec changed, "" where it did not.
func change(was, is *Verdict) (ChangeKind, string) {
	before, badBefore := standingOf(was)
	after, bad := standingOf(is)
	switch {
	case before == after && bad == badBefore && sameKind(was, is):
		return "", ""
	case after == unmet && before >= unproven, after == unmet && before == unmet && bad > badBefore:
		return Regressed, ""
	case after == unmet && before == unknown && bad > 1: // a kernel that dies is news wherever it does
		return Regressed, absent(was, "it was not asked before")
	case after == unmet && before == unknown:
		return NewFail, absent(was, "it was not asked before")
	case after < before && after == unknown:
		return Lost, absent(is, "it is not in the new run")
	case after < before:
		return Lost, "the loader does not claim it any more"
	case before == unmet && (after > unmet || bad < badBefore):
		return Fixed, ""
	case before == unknown && after == met, before == unproven && after == met:
		return Gained, absent(was, "it was not asked before")
	}
	return Other, ""
}

func absent(v *Verdict, why string) string {
	if v == nil {
		return why
	}
	return ""
}

// sameKind reports whether two verdicts that stand alike are of one kind. No verdict is of the kind
// of a skip, too: neither says anything of the loader.
func sameKind(was, is *Verdict) bool {
	if was == nil || is == nil {
		return true
	}
	return was.Kind == is.Kind
}

// A place names a verdict in a run: what of its cell counts, and the spec.
type place struct{ loader, version, kernel, spec string }

func (p place) cell() place { return place{p.loader, p.version, p.kernel, ""} }

// pairs says what of a cell counts when two runs are compared.
type pairs struct {
	anyVersion map[string]bool // by loader: both runs have one version of it
	anyKernel  bool            // both runs have one kernel
	anyLoader  bool            // both runs have one version of one loader
}

func pairing(old, is *File) pairs {
	p := pairs{anyVersion: make(map[string]bool)}
	oldVersions, oldKernels := dimensions(old)
	versions, kernels := dimensions(is)
	for loader, of := range versions {
		p.anyVersion[loader] = len(of) == 1 && len(oldVersions[loader]) == 1
	}
	one := func(of map[string]map[string]bool) bool {
		for _, versions := range of {
			return len(of) == 1 && len(versions) == 1
		}
		return false
	}
	p.anyLoader = one(versions) && one(oldVersions)
	p.anyKernel = len(kernels) == 1 && len(oldKernels) == 1
	return p
}

// dimensions returns the versions of each loader and the kernels that a run has verdicts of.
func dimensions(f *File) (versions map[string]map[string]bool, kernels map[string]bool) {
	versions, kernels = make(map[string]map[string]bool), make(map[string]bool)
	for _, v := range f.Verdicts {
		if versions[v.Loader] == nil {
			versions[v.Loader] = make(map[string]bool)
		}
		versions[v.Loader][v.LoaderVersion] = true
		kernels[v.Kernel] = true
	}
	return versions, kernels
}

func (p pairs) place(v *Verdict) place {
	at := place{v.Loader, v.LoaderVersion, v.Kernel, v.Spec}
	if p.anyLoader {
		at.loader, at.version = "", ""
	}
	if p.anyVersion[v.Loader] {
		at.version = ""
	}
	if p.anyKernel {
		at.kernel = ""
	}
	return at
}

// cellsOf names the cells of a run, for people.
func cellsOf(f *File) string {
	var names []string
	for _, v := range f.Verdicts {
		if name := v.Cell.String(); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return "no verdicts"
	}
	return strings.Join(names, ", ")
}

// Select returns the part of a run that is of the loaders and kernels that keep says: its verdicts,
// and what it owes.
func (f *File) Select(keep func(Cell) bool) *File {
	part := &File{Run: f.Run, End: f.End}
	part.Run.Plan, part.Run.Planned = nil, 0
	for _, p := range f.Run.Plan {
		if keep(f.Run.cell(p)) {
			part.Run.Plan = append(part.Run.Plan, p)
			part.Run.Planned += p.Specs
		}
	}
	for _, v := range f.Verdicts {
		if keep(v.Cell) {
			part.Verdicts = append(part.Verdicts, v)
		}
	}
	return part
}
