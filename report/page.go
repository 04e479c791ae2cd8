// SPDX-License-Identifier: Apache-2.0

package report

import (
	"cmp"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/loadstone-bpf/loadstone/verdict"
)

var (
	//go:embed page/page.html
	pageHTML string
	//go:embed page/page.css
	pageCSS string
	//go:embed page/page.js
	pageJS string
)

var pageTemplate = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("page").Funcs(template.FuncMap{
		"printable": printable,
		"among":     among,
		"left":      left,
	}).Parse(pageHTML + claimsHTML))
})

// A page holds what the template shows. Its text comes from guests unchanged; the template spells
// out control characters and escapes the rest.
type page struct {
	Style  template.CSS
	Script template.JS
	Policy string // Content-Security-Policy: nothing is fetched, only the page's own script runs

	names    kernelNames
	Run      verdict.Run
	Outcome  string
	Mood     string // class of the outcome: "good", "bad", "unknown"
	Summary  string
	Took     string
	Bar      []segment
	Problems []string
	Unproved []unprovedCell
	Gaps     []gap

	Isolation string // how specs were kept apart
	Depending []dependence
	Notes     []string // what is to be known beside the verdicts, a sentence each

	Answers  []answer
	Features featureTable

	Suites  []pageSuite
	Kernels []pageKernel
	Loaders []string
	Kinds   []pageKind
	Claims  []loaderClaim
	Block   template.HTML // the verdicts as data, in base64
}

// A segment holds a kind's share of the bar across the page, in verdicts.
type segment struct {
	Name     string
	From, Of int
}

// A pageSuite holds one table of the matrix.
type pageSuite struct {
	Name string
	Rows []pageRow
}

type pageRow struct {
	Loader string
	Cells  []pageCell
}

// A pageCell describes a loader on a kernel in a suite.
type pageCell struct {
	Loader, Kernel, Suite string
	Planned, Pass         int
	Claimed               int        // those that the loader did not refuse, and the kernel could do
	Mood                  string     // classes
	Marks                 []pageKind // what is no pass
}

// An unprovedCell describes a cell without a pass.
type unprovedCell struct{ Loader, Kernel, Says string }

type pageKernel struct{ Name, Release string }

// A pageKind counts a kind of verdict as the page distinguishes them: a should that is not met is
// not a fail there.
type pageKind struct {
	Name string
	N    int
}

// A row holds a verdict in the list.
type row struct {
	verdict.Verdict
	Name   string // of its kind
	Opens  bool   // there is more to tell than fits in a line
	Loader string // with its version
	Kernel string
}

// Line returns what is said of a verdict in the line of its row.
func (r row) Line() string {
	text := r.Reason
	if r.UnderClaim {
		text += "works, and is not claimed"
	}
	if r.Differs() {
		text += " (ended otherwise among others)"
	}
	return text
}

// Why returns the reason if it says more than what was seen.
func (r row) Why() string {
	if strings.HasPrefix(r.Seen, r.Reason) {
		return ""
	}
	return r.Reason
}

// writePage writes the run as one page of HTML that needs nothing else.
func writePage(w io.Writer, f *verdict.File) error {
	p := newPage(f)
	packed, err := newBlock(newRows(f)).pack()
	if err != nil {
		return fmt.Errorf("page: %w", err)
	}
	p.Block = template.HTML(packed)
	if err := pageTemplate().Execute(w, p); err != nil {
		return fmt.Errorf("page: %w", err)
	}
	return nil
}

func newPage(f *verdict.File) page {
	word, c := outcome(f)
	p := page{
		Style: template.CSS(pageCSS), Script: template.JS(pageJS),
		Policy: "default-src 'none'; base-uri 'none'; form-action 'none'; img-src data:; style-src " +
			digest(pageCSS) + "; script-src " + digest(pageJS),
		Run: f.Run, Outcome: strings.ToLower(word), Mood: mood(c), Summary: summary(f),
		Problems: f.Problems(), Gaps: pageGaps(f), Isolation: isolation(f.Run), Depending: dependences(f),
		Notes: notes(f), Answers: answers(f), Features: features(f),
	}
	names := kernelsOf(f)
	p.names = names
	if f.End != nil {
		p.Took = clock(time.Duration(f.End.DurationMS) * time.Millisecond)
	}
	for _, u := range f.Unproved() {
		p.Unproved = append(p.Unproved, unprovedCell{u.Loader, names.of(u.Kernel), unproved(u)})
	}
	m := f.Matrix()
	p.Loaders = m.Loaders
	p.Kernels = pageKernels(f.Run, m)
	for _, suite := range m.Suites {
		p.Suites = append(p.Suites, newPageSuite(m, suite))
	}
	p.Kinds = pageKinds(f.Count())
	p.Bar = newBar(p.Kinds)
	p.Claims = claims(f)
	return p
}

// digest returns text as a source that a Content-Security-Policy allows.
func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

func mood(c color) string {
	switch c {
	case red:
		return "bad"
	case yellow:
		return "unknown"
	case green:
		return "good"
	}
	return "none"
}

// pageGaps returns the gaps of a run, with what kernels are called.
func pageGaps(f *verdict.File) []gap {
	names := kernelsOf(f)
	all := gaps(f)
	for i := range all {
		all[i].Kernel = names.of(all[i].Kernel)
	}
	return all
}

func pageKernels(run verdict.Run, m verdict.Matrix) []pageKernel {
	var ks []pageKernel
	names := shortKernels(m.Kernels)
	for _, name := range m.Kernels {
		k := pageKernel{Name: names.of(name)}
		i := slices.IndexFunc(run.Kernels, func(k verdict.Kernel) bool { return k.Name == name })
		if i >= 0 {
			k.Release = run.Kernels[i].Release
		}
		ks = append(ks, k)
	}
	return ks
}

func newPageSuite(m verdict.Matrix, suite string) pageSuite {
	s := pageSuite{Name: suite}
	names := shortKernels(m.Kernels)
	for _, loader := range m.Loaders {
		r := pageRow{Loader: loader}
		for _, kernel := range m.Kernels {
			c := m.At(loader, kernel, suite)
			kinds := pageKinds(c)
			kinds = slices.DeleteFunc(kinds, func(k pageKind) bool {
				return k.Name == string(verdict.Pass)
			})
			passed := c.Of(verdict.Pass)
			claimed := c.Planned - c.Of(verdict.Refused) - c.Of(verdict.Skip)
			r.Cells = append(r.Cells, pageCell{
				Loader: loader, Kernel: names.of(kernel), Suite: suite, Planned: c.Planned,
				Claimed: claimed, Pass: passed, Mood: shaded(mood(shade(c)), claimed-passed, claimed),
				Marks: kinds,
			})
		}
		s.Rows = append(s.Rows, r)
	}
	return s
}

// shaded returns the classes of a cell: one with few unmet is not to look as one with many.
func shaded(mood string, unmet, claimed int) string {
	const few = 20 // of claimed: one in so many
	switch {
	case mood == "bad" && unmet*few <= claimed:
		return "bad few"
	case mood == "good" && claimed == 0: // nothing was shown to work
		return "none"
	}
	return mood
}

const kindShould = "should"

// pageKinds returns the kinds that occur with their counts, in the order of reports.
func pageKinds(c verdict.Count) []pageKind {
	var kinds []pageKind
	add := func(name string, n int) {
		if n > 0 {
			kinds = append(kinds, pageKind{name, n})
		}
	}
	for _, k := range verdict.Kinds {
		n := c.Of(k)
		if k == verdict.Fail {
			n -= c.Advisory
		}
		if k == verdict.Refused {
			add(kindShould, c.Advisory)
		}
		add(string(k), n)
	}
	return kinds
}

func newBar(kinds []pageKind) []segment {
	var bar []segment
	from := 0
	for _, k := range kinds {
		bar = append(bar, segment{k.Name, from, k.N})
		from += k.N
	}
	return bar
}

// Width returns the width of the whole bar, in verdicts.
func (p page) Width() int {
	width := 0
	for _, s := range p.Bar {
		width += s.Of
	}
	return width
}

// Called returns what a kernel is called on the page.
func (p page) Called(kernel string) string { return p.names.of(kernel) }

// Column returns the width of a kernel's column, the same in every table. It is an attribute
// because the policy forbids style attributes.
func (p page) Column() string {
	const first = 14 // percent, for the loaders
	return fmt.Sprintf("%.1f%%", float64(100-first)/float64(max(1, len(p.Kernels))))
}

// newRows returns all planned verdicts as rows, the findings first. Those that the file neither has
// nor names are a row for each part of the plan.
func newRows(f *verdict.File) []row {
	var rows []row
	names := kernelsOf(f)
	planned := asPlanned(f)
	for _, g := range gaps(planned) {
		loader, version, _ := strings.Cut(g.Loader, "@")
		planned.Verdicts = append(planned.Verdicts, verdict.Verdict{
			Spec:  fmt.Sprintf("%s: %s without a name", g.Suite, amount(g.Missing, "spec")),
			Suite: g.Suite, Kind: verdict.Missing,
			Cell:   verdict.Cell{Loader: loader, LoaderVersion: version, Kernel: g.Kernel},
			Reason: "not in the run file, which does not name them: the run ended before",
		})
	}
	for _, v := range sorted(planned) {
		r := row{
			Verdict: v, Name: string(v.Kind), Loader: v.LoaderName(), Kernel: names.of(v.Cell.Kernel),
		}
		if v.Advisory() {
			r.Name = kindShould
		}
		r.Opens = v.Kind != verdict.Pass || v.UnderClaim || v.Differs() || len(left(v)) > 0
		rows = append(rows, r)
	}
	slices.SortStableFunc(rows, func(a, b row) int { return cmp.Compare(rank(a), rank(b)) })
	return rows
}

// rank orders rows: findings by their kind, then advice, then what was not judged, then passes.
func rank(r row) int {
	i := slices.Index(verdict.Kinds, r.Kind)
	switch {
	case r.Kind == verdict.Pass:
		return 2 * len(verdict.Kinds)
	case r.Advisory():
		return slices.Index(verdict.Kinds, verdict.Missing)
	}
	return i
}
