// SPDX-License-Identifier: Apache-2.0

package report

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/loadstone-bpf/loadstone/verdict"
)

// signs mark the kinds of change where there is no room for words.
var signs = map[verdict.ChangeKind]string{
	verdict.Regressed: "▼", verdict.Lost: "▽", verdict.NewFail: "!", verdict.Fixed: "▲",
	verdict.Gained: "△", verdict.Other: "~",
}

// A changeCount counts the changes of one kind in a cell.
type changeCount struct {
	Kind verdict.ChangeKind
	N    int
}

// Sign returns the sign of the kind of change.
func (c changeCount) Sign() string { return signs[c.Kind] }

// Says returns the count in words: "2 regressions".
func (c changeCount) Says() string {
	for _, words := range changeWords {
		if words.kind == c.Kind && c.N != 1 {
			return fmt.Sprintf("%d %s", c.N, words.many)
		} else if words.kind == c.Kind {
			return "1 " + words.one
		}
	}
	return ""
}

// changed counts the changes of a cell by kind, the worst first.
func (c HistoryCell) changed() []changeCount {
	var counts []changeCount
	for _, words := range changeWords {
		n := 0
		for _, change := range c.Changes {
			if change.Kind == words.kind {
				n++
			}
		}
		if n > 0 {
			counts = append(counts, changeCount{words.kind, n})
		}
	}
	return counts
}

// A historyLine says how a feature is on kernels where it is alike.
type historyLine struct {
	Word    string
	Count   string // "20 of 21"; empty where no must was asked
	Mood    string
	Kernels []string // none where all are alike
}

// Class returns the class of the line's word.
func (l historyLine) Class() string {
	mood, _, _ := strings.Cut(l.Mood, " ")
	return mood
}

// lines returns what a cell says, kernels that are alike together, and which line is the worst; -1
// for a cell that was not asked.
func (c HistoryCell) lines() (lines []historyLine, worst int) {
	worst = -1
	var worstOf standing
	for _, k := range c.Kernels {
		n := featureCount{k.Passed, k.Failed, k.Refused, k.Skipped, k.Unknown}
		s := n.standing("", "")
		line := historyLine{Word: k.Word, Mood: s.Mood}
		if s.Asked > 0 {
			line.Count = fmt.Sprintf("%d of %d", s.Passed, s.Asked)
		}
		i := slices.IndexFunc(lines, func(l historyLine) bool {
			return l.Word == line.Word && l.Count == line.Count
		})
		if i < 0 {
			i, lines = len(lines), append(lines, line)
		}
		lines[i].Kernels = append(lines[i].Kernels, k.Kernel)
		if worst < 0 || worse(worstOf, s) != worstOf {
			worst, worstOf = i, s
		}
	}
	if len(lines) == 1 {
		lines[0].Kernels = nil
	}
	return lines, worst
}

// text returns a cell as a table of text has it, with the worst that it says: "partly 20 of 21 on
// 7.3 ▼1".
func (c HistoryCell) text(names kernelNames) string {
	said := "·"
	if lines, worst := c.lines(); worst >= 0 {
		l := lines[worst]
		said = strings.TrimSpace(l.Word + " " + l.Count)
		if len(l.Kernels) > 0 {
			said += " on " + names.list(l.Kernels)
		}
	}
	for _, n := range c.changed() {
		said += fmt.Sprintf(" %s%d", n.Sign(), n.N)
	}
	return said
}

// mood returns the classes of a cell whose worst line this is: what got worse is never to look
// good, be it a should.
func (c HistoryCell) mood(worst historyLine) string {
	worse := slices.ContainsFunc(c.Changes, func(h HistoryChange) bool {
		return h.Kind == verdict.Regressed || h.Kind == verdict.Lost
	})
	if worse && worst.Mood == "good" {
		return "bad few"
	}
	return worst.Mood
}

// shade returns the colour of a cell.
func (c HistoryCell) shade() color {
	lines, worst := c.lines()
	if worst < 0 {
		return dim
	}
	switch mood, _, _ := strings.Cut(c.mood(lines[worst]), " "); mood {
	case "good":
		return green
	case "bad":
		return red
	case "unknown":
		return yellow
	}
	return ""
}

// kernels returns the kernels of all runs.
func (h *History) kernels() []string {
	var all []string
	for _, r := range h.Runs {
		for _, k := range r.Kernels {
			if !slices.Contains(all, k) {
				all = append(all, k)
			}
		}
	}
	return all
}

// about says of a run, in a line, what it ran on.
func (r HistoryRun) about(names kernelNames) string {
	parts := []string{"loadstone " + r.Loadstone, "on " + names.list(r.Kernels)}
	if r.Name != r.Label {
		parts = append(parts, r.Name)
	}
	return strings.Join(parts, ", ")
}

// named returns a run as one of a loader: "2026-11-21 (1.7)".
func (l HistoryLoader) named(h *History, run int) string {
	return strings.TrimSpace(h.Runs[run].Label + " " + parenthesis(l.Runs[run].Version))
}

// A historyStep says what changed for a loader from one run to the next.
type historyStep struct {
	Loader, From, To string
	Says             string // the counts
	Comparison       *verdict.Comparison
}

// steps returns what changed, the newest first.
func (l HistoryLoader) steps(h *History) []historyStep {
	var steps []historyStep
	for i, r := range slices.Backward(l.Runs) {
		if r.comparison != nil {
			steps = append(steps, historyStep{l.Loader, l.named(h, r.Since), l.named(h, i),
				counts(r.comparison), r.comparison})
		}
	}
	return steps
}

// HistoryOnScreen writes a history for a terminal: a table for each loader, then how much changed
// from run to run, and what is worse in the newest.
func HistoryOnScreen(w io.Writer, h *History, s Screen) error {
	b := bufio.NewWriter(w)
	names := shortKernels(h.kernels())
	for _, r := range h.Runs {
		fmt.Fprintf(b, "%s  %s  %s, %s\n", s.paint(dim, "run"), s.paint(bold, printable(r.Label)),
			r.Outcome, printable(r.about(names)))
	}
	for _, k := range names.paths(h.kernels()) {
		fmt.Fprintf(b, "%s  %s is %s\n", s.paint(dim, "kernel"), printable(names.of(k)), printable(k))
	}
	fmt.Fprintln(b)
	used := make(map[verdict.ChangeKind]bool)
	for _, l := range h.Loaders {
		s.writeHistoryTable(b, h, l, names, used)
	}
	var legend []string
	for _, words := range changeWords {
		if used[words.kind] {
			legend = append(legend, signs[words.kind]+" "+words.many)
		}
	}
	if len(legend) > 0 {
		fmt.Fprintf(b, "%s\n\n", s.paint(dim, strings.Join(legend, " · ")+", since the run before"))
	}
	for _, l := range h.Loaders {
		for i, step := range l.steps(h) {
			fmt.Fprintf(b, "%s  %s, since %s: %s\n", s.paint(bold, printable(step.Loader)), printable(step.To),
				printable(step.From), printable(step.Says))
			if i == 0 {
				s.writeWorse(b, step)
			}
		}
	}
	for _, note := range h.Notes {
		fmt.Fprintf(b, "%s  %s\n", s.paint(dim, "NOTE"), printable(note))
	}
	return b.Flush()
}

// worstOf limits the changes of a kind that a history tells of a loader. Compare tells all.
const worstOf = 5

// writeWorse writes what a step made worse, and what fails since.
func (s Screen) writeWorse(w io.Writer, step historyStep) {
	for _, words := range changeWords[:3] {
		all := shifts(step.Comparison, words.kind)
		for i, x := range all {
			if i == worstOf {
				fmt.Fprintf(w, "%s\n\n", s.paint(dim, moreToCompare(len(all)-i)))
				break
			}
			s.writeShift(w, x, s.paint(words.color, words.label))
		}
	}
}

// moreToCompare says where changes are that are left out.
func moreToCompare(n int) string {
	return fmt.Sprintf("… and %d more like these, which loadstone compare shows", n)
}

func (s Screen) writeHistoryTable(w io.Writer, h *History, l HistoryLoader, names kernelNames, used map[verdict.ChangeKind]bool) {
	rows := [][]string{{printable(l.Loader)}}
	colors := [][]color{{bold}}
	for i := range h.Runs {
		head := printable(l.named(h, i))
		if !l.Runs[i].Asked {
			head = printable(h.Runs[i].Label)
		}
		rows[0], colors[0] = append(rows[0], head), append(colors[0], bold)
	}
	for _, f := range l.Features {
		row, shades := []string{printable(f.Feature)}, []color{""}
		for _, c := range f.Cells {
			row, shades = append(row, printable(c.text(names))), append(shades, c.shade())
			for _, n := range c.changed() {
				used[n.Kind] = true
			}
		}
		rows, colors = append(rows, row), append(colors, shades)
	}
	widths := make([]int, len(h.Runs)+1)
	for _, row := range rows {
		for i, text := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(text))
		}
	}
	for r, row := range rows {
		line := ""
		for i, text := range row {
			line += s.paint(colors[r][i], text)
			if i < len(row)-1 {
				line += strings.Repeat(" ", widths[i]-utf8.RuneCountInString(text)+2)
			}
		}
		fmt.Fprintln(w, line)
	}
	fmt.Fprintln(w)
}

// HistoryMarkdown returns a history as Markdown, for the summary of a CI job.
func HistoryMarkdown(h *History) []byte {
	var b bytes.Buffer
	names := shortKernels(h.kernels())
	fmt.Fprintf(&b, "## loadstone: history of %s\n\n", amount(len(h.Runs), "run"))
	for _, r := range h.Runs {
		fmt.Fprintf(&b, "- **%s** %s, %s\n", markdown(r.Label), r.Outcome, markdown(r.about(names)))
	}
	for _, note := range h.Notes {
		fmt.Fprintf(&b, "- %s\n", markdown(note))
	}
	for _, l := range h.Loaders {
		fmt.Fprintf(&b, "\n| %s |", markdown(l.Loader))
		for i, r := range l.Runs {
			head := h.Runs[i].Label
			if r.Asked {
				head = l.named(h, i)
			}
			fmt.Fprintf(&b, " %s |", markdown(head))
		}
		fmt.Fprintf(&b, "\n|---|%s\n", strings.Repeat("---|", len(l.Runs)))
		for _, f := range l.Features {
			fmt.Fprintf(&b, "| %s |", markdown(f.Feature))
			for _, c := range f.Cells {
				fmt.Fprintf(&b, " %s%s |", map[color]string{red: "❌ ", yellow: "⚠️ ", green: "✅ "}[c.shade()],
					markdown(c.text(names)))
			}
			fmt.Fprintln(&b)
		}
		for i, step := range l.steps(h) {
			fmt.Fprintf(&b, "\n%s, since %s: %s\n", markdown(step.To), markdown(step.From), markdown(step.Says))
			if i == 0 {
				writeMarkdownWorse(&b, step)
			}
		}
	}
	return b.Bytes()
}

// writeMarkdownWorse lists what a step made worse, and what fails since.
func writeMarkdownWorse(b *bytes.Buffer, step historyStep) {
	for _, words := range changeWords[:3] {
		all := shifts(step.Comparison, words.kind)
		writeMarkdownShifts(b, all[:min(len(all), worstOf)], words.label+" ")
		if n := len(all) - worstOf; n > 0 {
			fmt.Fprintf(b, "- %s\n", moreToCompare(n))
		}
	}
}
