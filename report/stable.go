// SPDX-License-Identifier: Apache-2.0

package report

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/loadstone-bpf/loadstone/verdict"
)

// Repeated writes for a terminal which specs did not end the same in several runs, how they ended,
// and in which runs; then the outcome in one line. Runs are counted from 1.
func Repeated(w io.Writer, s *verdict.Stability, screen Screen) error {
	b := bufio.NewWriter(w)
	for i, u := range s.Unstable {
		if i == onScreen {
			fmt.Fprintf(b, "%s\n\n", screen.paint(dim, fmt.Sprintf("… and %d more like these", len(s.Unstable)-i)))
			break
		}
		fmt.Fprintf(b, "%s  %s  %s\n", screen.paint(yellow, "UNSTABLE"), printable(u.Cell.String()),
			screen.paint(bold, printable(u.Spec)))
		for _, e := range endings(u) {
			screen.writeField(b, e.share, e.text)
		}
		screen.writeField(b, "again", printable(verdict.Again(u.Cell, u.Spec)))
		fmt.Fprintln(b)
	}
	outcome, mood := "STABLE", green
	if !s.Stable() {
		outcome, mood = "NOT STABLE", red
	}
	fmt.Fprintf(b, "%s  %s\n", screen.paint(mood, outcome), repeatedCounts(s))
	return b.Flush()
}

func repeatedCounts(s *verdict.Stability) string {
	return fmt.Sprintf("%d of %d specs ended the same in each of %d runs", s.Same,
		s.Same+len(s.Unstable), s.Runs)
}

// An ending says how a spec ended in some of several runs.
type ending struct{ share, text string }

// endings returns how a spec ended, the rarest first.
func endings(u verdict.Unstable) []ending {
	var texts []string
	runs := make(map[string][]string)
	for i, v := range u.Verdicts {
		text := spoken(v)
		if v != nil && v.Differs() {
			text += fmt.Sprintf(" (alone; %s among others)", v.Shared.Kind)
		}
		if runs[text] == nil {
			texts = append(texts, text)
		}
		runs[text] = append(runs[text], strconv.Itoa(i+1))
	}
	slices.SortStableFunc(texts, func(a, b string) int { return len(runs[a]) - len(runs[b]) })
	var all []ending
	for _, text := range texts {
		all = append(all, ending{
			share: fmt.Sprintf("%d of %d", len(runs[text]), len(u.Verdicts)),
			text:  fmt.Sprintf("%s (run %s)", text, strings.Join(runs[text], ", ")),
		})
	}
	return all
}

// RepeatedMarkdown returns the same for the summary of a CI job.
func RepeatedMarkdown(s *verdict.Stability) []byte {
	var b bytes.Buffer
	outcome := "stable"
	if !s.Stable() {
		outcome = "NOT stable"
	}
	fmt.Fprintf(&b, "## loadstone: %s\n\n%s\n\n", outcome, repeatedCounts(s))
	for i, u := range s.Unstable {
		if i == inSummary {
			fmt.Fprintf(&b, "- … and %d more like these\n", len(s.Unstable)-i)
			break
		}
		var ended []string
		for _, e := range endings(u) {
			ended = append(ended, e.share+": "+markdown(e.text))
		}
		fmt.Fprintf(&b, "- %s `%s`: %s\n", markdown(u.Cell.String()), printable(u.Spec),
			strings.Join(ended, "; "))
	}
	return b.Bytes()
}
