// SPDX-License-Identifier: Apache-2.0

package report

import (
	"cmp"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/loadstone-bpf/loadstone/verdict"
)

var (
	//go:embed page/history.html
	historyHTML string
	//go:embed page/history.css
	historyCSS string
)

var historyTemplate = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("history").Funcs(template.FuncMap{"printable": printable}).Parse(historyHTML))
})

// A historyPage holds what the template shows. The page has no script: a cell is a link to what it
// counts, which a browser opens as it goes there.
type historyPage struct {
	Style  template.CSS
	Policy string // Content-Security-Policy: nothing is fetched, nothing runs

	From, To string // the days of the first run and the last
	Runs     []pageHistoryRun
	Notes    []string
	Answers  []answer
	Loaders  []pageHistoryLoader
}

type pageHistoryRun struct {
	HistoryRun
	Mood  string
	About string
}

// A pageHistoryLoader holds the table of a loader, and what its cells count.
type pageHistoryLoader struct {
	Loader  string
	Heads   []pageHistoryHead
	Rows    []pageHistoryRow
	Details []pageHistoryDetail
}

// A pageHistoryHead describes a loader in one run.
type pageHistoryHead struct {
	Label, Version, Kernels string
	Since                   string // what it is compared with, where that is not the run before
}

type pageHistoryRow struct {
	Feature string
	Cells   []pageHistoryCell
}

// A pageHistoryCell says how a feature is in one run.
type pageHistoryCell struct {
	Mood    string
	Lines   []historyLine // with what kernels are called
	Changes []changeCount
	Opens   string // the id of what it counts; empty for nothing to tell
}

// A pageHistoryDetail lists what one cell counts.
type pageHistoryDetail struct {
	ID, Feature, Run string
	Since            string // the run that Run is compared with
	Says             string // "partly 20 of 21 on 7.3 ▼1"
	Changes          pageHistorySpecs
	Unmet            pageHistorySpecs
}

// pageHistorySpecs hold specs, and how many are left out.
type pageHistorySpecs struct {
	List []pageHistorySpec
	More int
}

// A pageHistorySpec describes a spec on the kernels where it is alike.
type pageHistorySpec struct {
	Spec    string
	Kernels []string
	Word    string // its kind, or the kind of change
	Class   string
	Says    string
}

// inHistory limits the specs that are listed of a cell: there may be hundreds, in each of many
// runs.
const inHistory = 40

// writeHistoryPage writes a history as one page of HTML that needs nothing else.
func writeHistoryPage(w io.Writer, h *History) error {
	if err := historyTemplate().Execute(w, newHistoryPage(h)); err != nil {
		return fmt.Errorf("page: %w", err)
	}
	return nil
}

func newHistoryPage(h *History) historyPage {
	style := pageCSS + historyCSS
	p := historyPage{
		Style:  template.CSS(style),
		Policy: "default-src 'none'; base-uri 'none'; form-action 'none'; img-src data:; style-src " + digest(style),
		From:   h.Runs[0].Started.Format("2006-01-02"), To: h.Runs[len(h.Runs)-1].Started.Format("2006-01-02"),
		Notes: h.Notes,
	}
	names := shortKernels(h.kernels())
	for _, r := range h.Runs {
		p.Runs = append(p.Runs, pageHistoryRun{r, r.mood, r.about(names)})
	}
	for i, l := range h.Loaders {
		p.Answers = append(p.Answers, l.answer(h))
		p.Loaders = append(p.Loaders, newPageHistoryLoader(h, i, names))
	}
	return p
}

// answer says how a loader did in the newest run that has it, and what changed since the run
// before.
func (l HistoryLoader) answer(h *History) answer {
	a := answer{Loader: l.Loader, Mood: "good"}
	last := 0
	for i, r := range l.Runs {
		if r.Asked {
			last = i
		}
	}
	features := make(map[string]int)
	for _, f := range l.Features {
		if lines, worst := f.Cells[last].lines(); worst >= 0 {
			features[lines[worst].Word]++
		}
	}
	var said []string
	all := 0
	for _, w := range slices.Backward(standingWords) {
		if n := features[w.word]; n > 0 {
			said, all = append(said, fmt.Sprintf("%s %d", w.word, n)), all+n
		}
	}
	if features["unknown"] > 0 {
		a.Mood = "unknown"
	}
	if features["partly"]+features["fails"] > 0 {
		a.Mood = "bad"
	}
	a.Says = fmt.Sprintf("%s: %s: %s", l.named(h, last), amount(all, "feature"), strings.Join(said, ", "))
	if steps := l.steps(h); len(steps) > 0 {
		a.Says += "; since " + steps[0].From + ": " + steps[0].Says
		if c := steps[0].Comparison; c != nil && c.Worse() {
			a.Mood = "bad"
		}
	}
	return a
}

func newPageHistoryLoader(h *History, n int, names kernelNames) pageHistoryLoader {
	l := h.Loaders[n]
	p := pageHistoryLoader{Loader: l.Loader}
	for i, r := range h.Runs {
		head := pageHistoryHead{Label: r.Label, Version: l.Runs[i].Version}
		if l.Runs[i].Asked {
			head.Kernels, head.Since = names.list(r.Kernels), l.Runs[i].Why
		}
		if since := l.Runs[i].Since; since >= 0 && since != i-1 {
			head.Since = "since " + h.Runs[since].Label
		}
		p.Heads = append(p.Heads, head)
	}
	for row, f := range l.Features {
		r := pageHistoryRow{Feature: f.Feature}
		for i, c := range f.Cells {
			cell := pageHistoryCell{Mood: "none", Changes: c.changed()}
			lines, worst := c.lines()
			if worst >= 0 {
				cell.Mood = c.mood(lines[worst])
			}
			for _, line := range lines {
				for k, kernel := range line.Kernels {
					line.Kernels[k] = names.of(kernel)
				}
				cell.Lines = append(cell.Lines, line)
			}
			if len(c.Changes)+len(c.Unmet) > 0 {
				cell.Opens = fmt.Sprintf("c%d-%d-%d", n+1, row+1, i+1)
				d := newPageHistoryDetail(c, names)
				d.ID, d.Feature, d.Run = cell.Opens, f.Feature, l.named(h, i)
				if since := l.Runs[i].Since; since >= 0 {
					d.Since = l.named(h, since)
				}
				p.Details = append(p.Details, d)
			}
			r.Cells = append(r.Cells, cell)
		}
		p.Rows = append(p.Rows, r)
	}
	return p
}

func newPageHistoryDetail(c HistoryCell, names kernelNames) pageHistoryDetail {
	d := pageHistoryDetail{Says: c.text(names)}
	add := func(to *pageHistorySpecs, x pageHistorySpec, kernel string) {
		for i, o := range to.List {
			if o.Spec == x.Spec && o.Word == x.Word && o.Says == x.Says {
				to.List[i].Kernels = append(o.Kernels, names.of(kernel))
				return
			}
		}
		if len(to.List) == inHistory {
			to.More++
			return
		}
		x.Kernels = []string{names.of(kernel)}
		to.List = append(to.List, x)
	}
	for _, change := range c.Changes {
		says := kindOrNone(change.Was) + " → " + kindOrNone(change.Is)
		if change.Reason != "" {
			says += ": " + change.Reason
		}
		add(&d.Changes, pageHistorySpec{
			Spec: change.Spec, Word: changeWord(change.Kind), Class: changeClass(change.Kind), Says: says,
		}, change.Kernel)
	}
	for _, u := range c.Unmet {
		add(&d.Unmet, pageHistorySpec{
			Spec: u.Spec, Word: string(u.Verdict), Class: string(u.Verdict), Says: u.Reason,
		}, u.Kernel)
	}
	return d
}

// changeWord returns the kind of change as a page has it: "regression".
func changeWord(kind verdict.ChangeKind) string { return strings.ReplaceAll(string(kind), "-", " ") }

// changeClass returns the kind of verdict whose colours a change has.
func changeClass(kind verdict.ChangeKind) string {
	switch kind {
	case verdict.Regressed, verdict.NewFail:
		return string(verdict.Fail)
	case verdict.Lost:
		return string(verdict.Broken)
	case verdict.Fixed, verdict.Gained:
		return string(verdict.Pass)
	}
	return string(verdict.Skip)
}

// kindOrNone returns a kind of verdict in words, for a run that may not have one.
func kindOrNone(kind verdict.Kind) string { return cmp.Or(string(kind), "not in the run") }

// Column returns the width of a run's column, the same in every table. It is an attribute because
// the policy forbids style attributes.
func (p historyPage) Column() string {
	const first = 16 // percent, for the features
	return fmt.Sprintf("%.1f%%", float64(100-first)/float64(len(p.Runs)))
}
