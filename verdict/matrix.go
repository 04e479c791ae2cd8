// SPDX-License-Identifier: Apache-2.0

package verdict

import "slices"

// A Count holds the outcomes of many specs, as numbers.
type Count struct {
	Planned  int          // verdicts that are owed
	Kinds    map[Kind]int // verdicts that are there
	Advisory int          // of the fails: shoulds that were not met
	Known    int          // of the flaky: those that an expectation knows of
	Among    int          // verdicts that fail a run only among others: [Verdict.FailsAmongOthers]
}

func (c *Count) add(v Verdict) {
	if c.Kinds == nil {
		c.Kinds = make(map[Kind]int)
	}
	c.Kinds[v.Kind]++
	if v.Advisory() {
		c.Advisory++
	}
	if v.Kind == Flaky && v.Expectation != nil {
		c.Known++
	}
	if v.FailsAmongOthers() {
		c.Among++
	}
}

// Of returns the number of verdicts of one kind. Planned verdicts that are not there are missing,
// whether or not a line says so.
func (c Count) Of(k Kind) int {
	n := c.Kinds[k]
	if k == Missing {
		n += c.owed()
	}
	return n
}

func (c Count) owed() int {
	n := c.Planned
	for _, k := range c.Kinds {
		n -= k
	}
	return max(0, n)
}

// A Matrix holds a run at a glance: loaders × kernels × suites.
type Matrix struct {
	Loaders []string // with their versions, in the order of the run
	Kernels []string // in the order of the run
	Suites  []string

	counts map[Part]Count
}

// At returns the outcomes of a suite in a cell. Nothing was planned there where Planned is 0.
func (m Matrix) At(loader, kernel, suite string) Count {
	return m.counts[Part{Loader: loader, Kernel: kernel, Suite: suite}]
}

// Matrix returns the run at a glance.
func (f *File) Matrix() Matrix {
	m := Matrix{counts: make(map[Part]Count)}
	for _, l := range f.Run.Loaders {
		m.Loaders = append(m.Loaders, l.Name)
	}
	for _, k := range f.Run.Kernels {
		m.Kernels = append(m.Kernels, k.Name)
	}
	m.Suites = slices.Clone(f.Run.Suites)
	for _, p := range f.Run.Plan {
		m.Loaders = appendNew(m.Loaders, p.Loader)
		m.Kernels = appendNew(m.Kernels, p.Kernel)
		m.Suites = appendNew(m.Suites, p.Suite)
		at := Part{Loader: p.Loader, Kernel: p.Kernel, Suite: p.Suite}
		c := m.counts[at]
		c.Planned += p.Specs
		m.counts[at] = c
	}
	for _, v := range f.Verdicts {
		c := m.counts[v.part()]
		c.add(v)
		m.counts[v.part()] = c
	}
	return m
}

// An Unproved describes a cell of which the run shows nothing: no spec passed, none failed. A
// loader that refuses whatever it is asked, or a kernel that lacks all that was asked for, ends so.
type Unproved struct {
	Loader, Kernel string
	Count          Count
}

// Unproved returns the cells without a pass, in the order of the run. Those in which something
// failed, or is unknown, are not among them: a run with one of these is not clean anyway.
func (f *File) Unproved() []Unproved {
	type cell struct{ loader, kernel string }
	counts := make(map[cell]Count)
	shown := make(map[cell]bool)
	for _, p := range f.Run.Plan {
		c := counts[cell{p.Loader, p.Kernel}]
		c.Planned += p.Specs
		counts[cell{p.Loader, p.Kernel}] = c
	}
	for _, v := range f.Verdicts {
		at := cell{v.LoaderName(), v.Kernel}
		c := counts[at]
		c.add(v)
		counts[at] = c
		shown[at] = shown[at] || v.Kind == Pass || v.Fails() || v.Unknown()
	}
	m := f.Matrix()
	var cells []Unproved
	for _, loader := range m.Loaders {
		for _, kernel := range m.Kernels {
			at := cell{loader, kernel}
			if c := counts[at]; c.Planned > 0 && c.owed() == 0 && !shown[at] {
				cells = append(cells, Unproved{loader, kernel, c})
			}
		}
	}
	return cells
}

// Count returns the outcomes of all specs of the run.
func (f *File) Count() Count {
	c := Count{Planned: f.Run.Planned}
	for _, v := range f.Verdicts {
		c.add(v)
	}
	return c
}
