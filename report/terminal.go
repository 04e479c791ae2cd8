// SPDX-License-Identifier: Apache-2.0

package report

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/loadstone-bpf/loadstone/verdict"
)

// onScreen limits the findings on a terminal. The page has all of them.
const onScreen = 40

// Terminal writes the run for a terminal: the matrix, each finding, and the outcome in one line.
// The path of the page with the rest is page, which is empty if there is none.
func Terminal(w io.Writer, f *verdict.File, s Screen, page string) error {
	b := bufio.NewWriter(w)
	s.writeMatrix(b, f.Matrix())
	found, names := findings(f), kernelsOf(f)
	for i, x := range found {
		if i == onScreen {
			more := fmt.Sprintf("… and %d more like these", len(found)-i)
			fmt.Fprintf(b, "%s\n\n", s.paint(dim, more))
			break
		}
		s.writeFinding(b, x, names)
	}
	s.writeDepending(b, f)
	for _, g := range gaps(f) {
		fmt.Fprintf(b, "%s  %s on %s  %s\n"+indent+
			"%d of %d verdicts are not in the file: the run ended before them\n\n",
			s.paint(yellow, "MISSING"), printable(g.Loader), printable(names.of(g.Kernel)),
			printable(g.Suite), g.Missing, g.Specs)
	}
	for _, u := range f.Unproved() {
		fmt.Fprintf(b, "%s  %s on %s\n"+indent+"%s\n\n", s.paint(red, "UNPROVED"),
			printable(u.Loader), printable(names.of(u.Kernel)), unproved(u))
	}
	for _, p := range f.Problems() {
		fmt.Fprintf(b, "%s  %s\n\n", s.paint(red, "PROBLEM"), printable(p))
	}
	s.writeOutcome(b, f)
	if f.Run.Isolation == "auto" && f.Run.Seed != 0 {
		fmt.Fprintf(b, "%s  --seed %d\n", s.paint(dim, "order "), f.Run.Seed)
	}
	if page != "" {
		fmt.Fprintf(b, "%s  %s\n", s.paint(dim, "report"), page)
	}
	return b.Flush()
}

// label returns the name and the colour of a verdict.
func label(v verdict.Verdict) (string, color) {
	switch {
	case v.FailsAmongOthers():
		return "DEPENDS", red
	case v.Advisory():
		return "SHOULD", cyan
	case v.Unknown(), v.Kind == verdict.Flaky:
		return strings.ToUpper(string(v.Kind)), yellow
	}
	return strings.ToUpper(string(v.Kind)), red
}

const indent = "      "

// writeFinding writes a finding: the requirement, what was expected and seen, where the requirement
// comes from, and the command that reproduces it.
func (s Screen) writeFinding(w io.Writer, x finding, names kernelNames) {
	name, c := label(x.Verdict)
	fmt.Fprintf(w, "%s  %s on %s  %s\n", s.paint(c, pad(name, 4)), printable(x.LoaderName()),
		printable(names.list(x.Kernels)), s.paint(bold, printable(x.Spec)))
	for _, sentence := range x.Sentence {
		fmt.Fprintf(w, "%s%s\n", indent, printable(sentence))
	}
	s.writeField(w, "expected", x.Expected)
	s.writeField(w, "seen", x.Seen)
	if !strings.HasPrefix(x.Seen, x.Reason) {
		s.writeField(w, "reason", x.Reason)
	}
	for _, splat := range x.Splats {
		s.writeField(w, "kernel", strings.Join(firstLines(splat.Lines, 6), "\n"))
	}
	if x.Kind != verdict.Fail {
		s.writeField(w, "said", strings.Join(lastLines(x.Conversation, 4), "\n"))
		s.writeField(w, "console", strings.Join(lastLines(x.Console, 6), "\n"))
	}
	if len(x.Commits) > 0 {
		s.writeField(w, "commits", "the kernel may lack "+strings.Join(x.Commits, ", "))
	}
	if x.Differs() {
		s.writeField(w, "among", among(x.Verdict))
	}
	if e := x.Expectation; e != nil {
		s.writeField(w, "issue", e.Issue)
	}
	s.writeField(w, "source", strings.Join(sourceLines(x.Sources), "\n"))
	s.writeField(w, "again", x.again())
	fmt.Fprintln(w)
}

// writeField writes a named text, with further lines indented under the first.
func (s Screen) writeField(w io.Writer, name, text string) {
	text = strings.TrimRight(text, "\n")
	if text == "" {
		return
	}
	const width = 10
	text = strings.ReplaceAll(printable(text), "\n", "\n"+indent+strings.Repeat(" ", width))
	fmt.Fprintf(w, "%s%s%s\n", indent, s.paint(dim, pad(name, width)), text)
}

// writeOutcome writes the outcome of the run in one line.
func (s Screen) writeOutcome(w io.Writer, f *verdict.File) {
	word, c := outcome(f)
	fmt.Fprintf(w, "%s  %s\n", s.paint(c, word), summary(f))
}

// outcome returns the outcome of the run in one word.
func outcome(f *verdict.File) (string, color) {
	err := f.Err()
	switch {
	case err == nil:
		return "CLEAN", green
	case !f.Complete():
		return "INCOMPLETE", yellow
	case f.Count().Of(verdict.Broken)+f.Count().Of(verdict.Missing) > 0:
		return "BROKEN", yellow
	case onlyUnproved(err):
		return "UNPROVED", red
	}
	return "FAILED", red
}

// onlyUnproved reports whether all that is wrong with a run is that nothing passed in a cell.
func onlyUnproved(err error) bool {
	var unclean *verdict.RunError
	return errors.As(err, &unclean) && *unclean == verdict.RunError{Unproved: unclean.Unproved}
}

// unproved says in one line what a cell without a pass shows.
func unproved(u verdict.Unproved) string {
	return "no spec passed, so nothing is shown of the loader there: " + kinds(u.Count)
}

// kinds returns how many there are of each kind: "12 pass, 2 fail".
func kinds(c verdict.Count) string {
	var parts []string
	for _, k := range verdict.Kinds {
		if n := c.Of(k); n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, k))
		}
	}
	return strings.Join(parts, ", ")
}

// inHeadline limits the features that the headline names.
const inHeadline = 5

// untried says in one line how much of the run was not tried, for want of what: "37 of 55 not
// tried: no numa 35, no btf 2"; "" where all was.
func untried(f *verdict.File) string {
	var parts []string
	specs, left := 0, 0
	for i, u := range f.Untried() {
		specs += u.Specs
		if u.Feature == verdict.NotRun {
			parts = append(parts, fmt.Sprintf("%s %d", u.Feature, u.Specs))
		} else if i < inHeadline && u.Feature != verdict.OtherFeature {
			parts = append(parts, fmt.Sprintf("no %s %d", printable(u.Feature), u.Specs))
		} else {
			left += u.Specs
		}
	}
	if specs == 0 {
		return ""
	}
	if left > 0 {
		parts = append(parts, fmt.Sprintf("other things %d", left))
	}
	return fmt.Sprintf("%d of %d not tried: %s", specs, f.Run.Planned, strings.Join(parts, ", "))
}

// summary returns the counts of the run in one line: "12 pass, 2 fail, 1 crash of 15 in 0:42", and
// what was not tried.
func summary(f *verdict.File) string {
	c := f.Count()
	text := fmt.Sprintf("%s of %d planned", kinds(c), c.Planned)
	if c.Advisory > 0 {
		text += fmt.Sprintf(" (%d of the fails are of a should)", c.Advisory)
	}
	if f.End != nil {
		text += " in " + clock(time.Duration(f.End.DurationMS)*time.Millisecond)
		if f.End.Reason != "" {
			text += "; " + printable(f.End.Reason)
		}
	} else {
		text += "; the file has no end"
	}
	if not := untried(f); not != "" {
		text += "; " + not
	}
	return text
}

func firstLines(lines []string, n int) []string { return lines[:min(n, len(lines))] }

func lastLines(lines []string, n int) []string { return lines[max(0, len(lines)-n):] }
