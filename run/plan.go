// SPDX-License-Identifier: Apache-2.0

package run

import (
	"github.com/loadstone-bpf/loadstone/record"
	"github.com/loadstone-bpf/loadstone/requirements"
	"github.com/loadstone-bpf/loadstone/verdict"
)

// A Plan holds what a run is to do: every spec with every loader on every kernel.
type Plan struct {
	ID        string // names the run in its records
	Kernels   []Kernel
	Loaders   []Loader
	Specs     []record.Spec
	Isolation Isolation
	// Objects are what specs of [record.ObjectSpec] are about, by the spec's id; nil where there
	// are none, else one for each spec.
	Objects map[string]Object
	Seed    uint64 // of the order of specs in guests that are used again; see [Auto]
	Jobs    int    // guests at once; at least 1
	Limits  record.Limits

	// Requirements are what the specs hold loaders to.
	Requirements *requirements.Set

	// Expectations are the failures that are known. Nil for none.
	Expectations *verdict.Expectations

	// Trail is called with the trail of each verdict that is no pass and was made of what a guest
	// said, before the verdict is written, from one goroutine at a time. Nil for none. Guests whose
	// verdicts count are told to send files then.
	Trail func(verdict.Verdict, verdict.Trail)

	// Done has what needs no verdict any more: a run before this one, which did not come to its
	// end, wrote it.
	Done map[Place]bool
}

// A Place names a verdict in a run.
type Place struct {
	Loader string // with its version
	Kernel string
	Spec   string
}

// PlaceOf returns where a verdict has its place.
func PlaceOf(v verdict.Verdict) Place {
	return Place{v.LoaderName(), v.Kernel, v.Spec}
}

// cell holds one loader on one kernel.
type cell struct {
	kernel Kernel
	loader Loader
}

func (c cell) identity() verdict.Cell {
	about := c.kernel.About()
	return verdict.Cell{
		Loader: c.loader.Name, LoaderVersion: c.loader.Version,
		LoaderPath: c.loader.Path, Kernel: c.kernel.Name(), KernelGiven: about.Given,
		KernelPath: about.Path, KernelRelease: about.Release, Arch: about.Arch,
	}
}

// asked returns the specs that guests of a cell are asked, and the verdicts on those that the
// expectations say not to run.
func (p Plan) asked(c cell) (specs []record.Spec, not []verdict.Verdict) {
	for _, s := range p.Specs {
		if p.Done[Place{c.loader.String(), c.kernel.Name(), s.ID}] {
			continue
		}
		if v, ok := p.Expectations.NotRun(p.expected(batch{cell: c}, s)); ok {
			not = append(not, v)
			continue
		}
		specs = append(specs, s)
	}
	return specs, not
}

// Parts returns how many verdicts the plan owes, by cell and suite, those that are done left out.
func (p Plan) Parts() []verdict.Part {
	var parts []verdict.Part
	for _, k := range p.Kernels {
		for _, l := range p.Loaders {
			for _, specs := range BySuite.cut(p.Specs) {
				left := 0
				for _, s := range specs {
					if !p.Done[Place{l.String(), k.Name(), s.ID}] {
						left++
					}
				}
				if left == 0 {
					continue
				}
				parts = append(parts, verdict.Part{
					Loader: l.String(), Kernel: k.Name(), Suite: specs[0].Suite, Specs: left,
				})
			}
		}
	}
	return parts
}

// Named returns the ids of the plan's specs by suite, in their order.
func (p Plan) Named() map[string][]string {
	named := make(map[string][]string)
	for _, s := range p.Specs {
		named[s.Suite] = append(named[s.Suite], s.ID)
	}
	return named
}

// Suites returns the names of the plan's suites, in the order of its specs.
func (p Plan) Suites() []string {
	var names []string
	for _, specs := range BySuite.cut(p.Specs) {
		names = append(names, specs[0].Suite)
	}
	return names
}

// expected returns what the host expects of one spec of a batch. A spec of the harness's own tests
// is held to no requirement.
func (p Plan) expected(b batch, s record.Spec) verdict.Expected {
	e := verdict.Expected{Spec: s.ID, Suite: s.Suite, Cell: b.identity(), Attempt: b.attempt + b.starved}
	if p.Isolation != Auto {
		e.Cell.Isolation = string(p.Isolation)
	}
	r, found := p.Requirements.ForSpec(s.ID)
	if !found {
		return e
	}
	held := verdict.Requirement{
		ID: r.ID, Level: verdict.Level(r.Level), Sentence: r.Sentence, Profiles: r.Profiles,
	}
	for _, s := range r.Sources {
		held.Sources = append(held.Sources, verdict.Source{Text: s.String(), URL: s.URL()})
	}
	for _, c := range r.Commits {
		held.Commits = append(held.Commits, c.Commit+" "+c.Why)
	}
	e.Requirements = []verdict.Requirement{held}
	return e
}
