// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/loadstone-bpf/loadstone/verdict"
)

// marks lists how a matrix counts what is not a pass: capitals for what ends a run with an error.
var marks = []struct {
	mark string
	says string
	of   func(verdict.Count) int
}{
	{"F", "failed", func(c verdict.Count) int { return c.Of(verdict.Fail) - c.Advisory }},
	{"X", "passed against expectation", kind(verdict.XPass)},
	{"~", "flaky", kind(verdict.Flaky)},
	{"C", "kernel crashed", kind(verdict.Crash)},
	{"B", "suite or driver broken", kind(verdict.Broken)},
	{"M", "no record", kind(verdict.Missing)},
	{"D", "kernel died or complained among others", func(c verdict.Count) int { return c.Among }},
	{"f", "should, not met", func(c verdict.Count) int { return c.Advisory }},
	{"r", "refused, not claimed", kind(verdict.Refused)},
	{"s", "skipped, the kernel lacks it", kind(verdict.Skip)},
	{"x", "failed as expected", kind(verdict.XFail)},
}

func kind(k verdict.Kind) func(verdict.Count) int {
	return func(c verdict.Count) int { return c.Of(k) }
}

// tally returns a count as a matrix shows it: "46/46", "40/46 2F 4r", or "·" where nothing was
// planned.
func tally(c verdict.Count) string {
	if c.Planned == 0 {
		return "·"
	}
	parts := []string{fmt.Sprintf("%d/%d", c.Of(verdict.Pass), c.Planned)}
	for _, m := range marks {
		if n := m.of(c); n > 0 {
			parts = append(parts, fmt.Sprintf("%d%s", n, m.mark))
		}
	}
	return strings.Join(parts, " ")
}

// shade returns the colour of a count: red if something failed, yellow if something is unknown,
// else green.
func shade(c verdict.Count) color {
	failing := c.Of(verdict.Fail) - c.Advisory + c.Of(verdict.XPass) + c.Of(verdict.Crash) +
		c.Of(verdict.Flaky) - c.Known + c.Among
	switch {
	case c.Planned == 0:
		return dim
	case failing > 0:
		return red
	case c.Of(verdict.Broken)+c.Of(verdict.Missing) > 0:
		return yellow
	}
	return green
}

// writeMatrix writes a table of loaders × kernels for each suite, and a legend of the marks in
// them.
func (s Screen) writeMatrix(w io.Writer, m verdict.Matrix) {
	used := make(map[string]bool)
	names := shortKernels(m.Kernels)
	for _, k := range names.paths(m.Kernels) {
		fmt.Fprintf(w, "%s  %s is %s\n", s.paint(dim, "kernel"), printable(names.of(k)), printable(k))
	}
	for _, suite := range m.Suites {
		s.writeSuite(w, m, suite)
		fmt.Fprintln(w)
		for _, loader := range m.Loaders {
			for _, kernel := range m.Kernels {
				for _, k := range marks {
					used[k.mark] = used[k.mark] || k.of(m.At(loader, kernel, suite)) > 0
				}
			}
		}
	}
	var legend []string
	for _, k := range marks {
		if used[k.mark] {
			legend = append(legend, k.mark+" "+k.says)
		}
	}
	if len(legend) > 0 {
		fmt.Fprintf(w, "%s\n\n", s.paint(dim, strings.Join(legend, " · ")))
	}
}

func (s Screen) writeSuite(w io.Writer, m verdict.Matrix, suite string) {
	first := utf8.RuneCountInString(suite)
	for _, loader := range m.Loaders {
		first = max(first, utf8.RuneCountInString(loader))
	}
	names := shortKernels(m.Kernels)
	widths := make([]int, len(m.Kernels))
	for i, kernel := range m.Kernels {
		widths[i] = utf8.RuneCountInString(names.of(kernel))
		for _, loader := range m.Loaders {
			widths[i] = max(widths[i], utf8.RuneCountInString(tally(m.At(loader, kernel, suite))))
		}
	}
	row := func(head string, c color, cell func(i int) (string, color)) {
		line := s.paint(c, head) + strings.Repeat(" ", max(0, first-utf8.RuneCountInString(head)))
		for i, width := range widths {
			text, c := cell(i)
			line += "  " + s.paint(c, text)
			if i < len(widths)-1 {
				line += strings.Repeat(" ", max(0, width-utf8.RuneCountInString(text)))
			}
		}
		fmt.Fprintln(w, line)
	}
	row(suite, bold, func(i int) (string, color) { return names.of(m.Kernels[i]), bold })
	for _, loader := range m.Loaders {
		row(loader, "", func(i int) (string, color) {
			c := m.At(loader, m.Kernels[i], suite)
			return tally(c), shade(c)
		})
	}
}
