// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"slices"
	"strings"
)

// neverRan gives the reason of a planned verdict that a run file lacks.
const neverRan = "not in the run file: the run ended before it"

// Absent returns a missing verdict for each planned spec of which the file has none, in the order
// of the plan. Where the file does not name all specs that a part of the plan owes, as those of
// older loadstones, the part has none here: its [Count] alone says how many it lacks.
func (f *File) Absent() []Verdict {
	told := make(map[slot]bool)
	there := make(map[Part]int)
	like := make(map[string]Verdict) // by spec: what its requirements are
	for _, v := range f.Verdicts {
		told[v.slot()] = true
		there[v.part()]++
		like[v.Spec] = v
	}
	owed := make(map[Part]int)
	var parts []Part
	for _, p := range f.Run.Plan {
		key := Part{Loader: p.Loader, Kernel: p.Kernel, Suite: p.Suite}
		parts = appendNew(parts, key)
		owed[key] += p.Specs
	}
	named := f.named()
	var absent []Verdict
	for _, p := range parts {
		var lacks []Verdict
		for _, spec := range named[p.Suite][owed[p]] {
			v := Verdict{
				Spec: spec, Suite: p.Suite, Cell: f.Run.cell(p), Kind: Missing, Reason: neverRan,
			}
			if told[v.slot()] {
				continue
			}
			l := like[spec]
			v.Requirement, v.Level, v.Sentence = l.Requirement, l.Level, l.Sentence
			v.Sources, v.Commits, v.Profiles = l.Sources, l.Commits, l.Profiles
			v.Again = Again(v.Cell, spec)
			lacks = append(lacks, v)
		}
		// Others are named than the part owes where they are not as many as it lacks.
		if len(lacks) == owed[p]-there[p] {
			absent = append(absent, lacks...)
		}
	}
	return absent
}

// named returns the specs of each suite by how many they are: those that the first line names, and
// those that any verdict is about. A part of the plan that owes as many owes these.
func (f *File) named() map[string]map[int][]string {
	named := make(map[string]map[int][]string)
	for suite, ids := range f.suiteSpecs() {
		named[suite] = map[int][]string{len(ids): ids}
	}
	for suite, ids := range f.Run.Specs {
		if named[suite] == nil {
			named[suite] = make(map[int][]string)
		}
		named[suite][len(ids)] = ids
	}
	return named
}

// suiteSpecs returns the specs that have a verdict in any cell, by suite, sorted.
func (f *File) suiteSpecs() map[string][]string {
	seen := make(map[[2]string]bool)
	ids := make(map[string][]string)
	for _, v := range f.Verdicts {
		if key := [2]string{v.Suite, v.Spec}; !seen[key] {
			seen[key] = true
			ids[v.Suite] = append(ids[v.Suite], v.Spec)
		}
	}
	for _, of := range ids {
		slices.Sort(of)
	}
	return ids
}

// cell returns the cell of a part of the plan.
func (r Run) cell(p Part) Cell {
	c := Cell{Kernel: p.Kernel}
	c.Loader, c.LoaderVersion, _ = strings.Cut(p.Loader, "@")
	for _, k := range r.Kernels {
		if k.Name == p.Kernel {
			c.KernelGiven, c.KernelPath = k.Given, k.Path
			c.KernelRelease, c.Arch = k.Release, k.Arch
		}
	}
	for _, l := range r.Loaders {
		if l.Name == p.Loader {
			c.LoaderPath = l.Path
		}
	}
	if r.Isolation != "auto" {
		c.Isolation = r.Isolation
	}
	return c
}
