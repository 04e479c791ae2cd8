// SPDX-License-Identifier: Apache-2.0

package report

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/loadstone-bpf/loadstone/verdict"
)

// changeWords names the kinds of change on a screen, in order, and counts them.
var changeWords = []struct {
	kind  verdict.ChangeKind
	label string
	color color
	one   string
	many  string
}{
	{verdict.Regressed, "REGRESSION", red, "regression", "regressions"},
	{verdict.Lost, "LOST", yellow, "lost", "lost"},
	{verdict.NewFail, "NEW FAIL", cyan, "new failure", "new failures"},
	{verdict.Fixed, "FIXED", green, "fixed", "fixed"},
	{verdict.Gained, "GAINED", green, "gained", "gained"},
	{verdict.Other, "CHANGED", dim, "changed otherwise", "changed otherwise"},
}

// A shift describes changes of one spec that are alike, in one or several cells.
type shift struct {
	verdict.Change
	cells []string
	text  [2]string // was, is
}

// whole reports whether a change says of a spec only that one of the runs does not have it. Those
// of a cell are said together.
func whole(c verdict.Change) bool {
	return c.Kind == verdict.Lost && c.Is == nil || c.Kind == verdict.Gained && c.Was == nil
}

// shifts joins changes that say the same of several cells, and those that only one run has of a
// cell.
func shifts(c *verdict.Comparison, kind verdict.ChangeKind) []shift {
	var all []shift
	gone := make(map[string]int) // by cell: place in all
	for _, change := range c.Of(kind) {
		cell := change.Cell().String()
		if whole(change) {
			if at, ok := gone[cell]; ok {
				all[at].cells = append(all[at].cells, change.Spec)
				continue
			}
			gone[cell] = len(all)
			all = append(all, shift{Change: change, cells: []string{change.Spec}})
			continue
		}
		text := [2]string{spoken(change.Was), spoken(change.Is)}
		at := slices.IndexFunc(all, func(s shift) bool {
			return !whole(s.Change) && s.Spec == change.Spec && s.text == text
		})
		if at >= 0 {
			all[at].cells = append(all[at].cells, cell)
			continue
		}
		all = append(all, shift{Change: change, cells: []string{cell}, text: text})
	}
	return all
}

// spoken returns a verdict in a line.
func spoken(v *verdict.Verdict) string {
	if v == nil {
		return "not in the run"
	}
	return printable(strings.TrimSuffix(string(v.Kind)+": "+v.Reason, ": "))
}

// Compared writes a comparison for a terminal: each kind of change, the worst first, and the
// outcome in one line.
func Compared(w io.Writer, c *verdict.Comparison, s Screen) error {
	b := bufio.NewWriter(w)
	for _, words := range changeWords {
		all := shifts(c, words.kind)
		for i, x := range all {
			if i == onScreen {
				fmt.Fprintf(b, "%s\n\n", s.paint(dim, fmt.Sprintf("… and %d more like these", len(all)-i)))
				break
			}
			s.writeShift(b, x, s.paint(words.color, words.label))
		}
	}
	for _, note := range c.Notes {
		fmt.Fprintf(b, "%s  %s\n\n", s.paint(dim, "NOTE"), printable(note))
	}
	outcome, mood := "NO WORSE", green
	if c.Worse() {
		outcome, mood = "WORSE", red
	}
	fmt.Fprintf(b, "%s  %s\n", s.paint(mood, outcome), counts(c))
	return b.Flush()
}

func (s Screen) writeShift(w io.Writer, x shift, label string) {
	if whole(x.Change) {
		what := printable(x.cells[0])
		if n := len(x.cells); n > 1 {
			what = fmt.Sprintf("%d specs, %s among them", n, what)
		}
		fmt.Fprintf(w, "%s  %s  %s\n%s%s\n\n", label, printable(x.Cell().String()),
			s.paint(bold, what), indent, x.Why)
		return
	}
	fmt.Fprintf(w, "%s  %s  %s\n", label, printable(strings.Join(x.cells, ", ")),
		s.paint(bold, printable(x.Spec)))
	s.writeField(w, "was", x.text[0])
	s.writeField(w, "is", x.text[1])
	if x.Why != "" {
		s.writeField(w, "why", x.Why)
	}
	if x.Kind != verdict.Fixed && x.Kind != verdict.Gained {
		s.writeField(w, "again", printable(verdict.Again(x.Is.Cell, x.Is.Spec)))
	}
	fmt.Fprintln(w)
}

// counts returns how many changes there are of each kind, in a line.
func counts(c *verdict.Comparison) string {
	var parts []string
	for _, words := range changeWords {
		switch n := len(c.Of(words.kind)); n {
		case 0:
		case 1:
			parts = append(parts, "1 "+words.one)
		default:
			parts = append(parts, fmt.Sprintf("%d %s", n, words.many))
		}
	}
	return strings.Join(append(parts, fmt.Sprintf("%d as before", c.Same)), ", ")
}

// ComparedMarkdown returns a comparison for the summary of a CI job.
func ComparedMarkdown(c *verdict.Comparison) []byte {
	var b bytes.Buffer
	outcome := "no worse than before"
	if c.Worse() {
		outcome = "WORSE than before"
	}
	fmt.Fprintf(&b, "## loadstone: %s\n\n%s\n", outcome, counts(c))
	for _, words := range changeWords {
		all := shifts(c, words.kind)
		if len(all) == 0 {
			continue
		}
		fmt.Fprintf(&b, "\n### %s\n\n", words.label)
		writeMarkdownShifts(&b, all, "")
	}
	for _, note := range c.Notes {
		fmt.Fprintf(&b, "\n%s.\n", markdown(note))
	}
	return b.Bytes()
}

// writeMarkdownShifts lists changes of one kind, each behind a label.
func writeMarkdownShifts(b *bytes.Buffer, all []shift, label string) {
	for i, x := range all {
		if i == inSummary {
			fmt.Fprintf(b, "- … and %d more like these\n", len(all)-i)
			break
		}
		if whole(x.Change) {
			fmt.Fprintf(b, "- %s%s: %d specs, such as `%s`: %s\n", label, markdown(x.Cell().String()),
				len(x.cells), printable(x.cells[0]), markdown(x.Why))
			continue
		}
		fmt.Fprintf(b, "- %s%s `%s`: %s → %s\n", label, markdown(strings.Join(x.cells, ", ")),
			printable(x.Spec), markdown(x.text[0]), markdown(x.text[1]))
	}
}
