// SPDX-License-Identifier: Apache-2.0

package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/loadstone-bpf/loadstone/verdict"
)

// writeKTAP writes the run as KTAP 1 (Documentation/dev-tools/ktap.rst of the kernel): a test for
// each cell, and in it one for each spec. What fails the run is not ok, with the directive ERROR
// where it says nothing of the loader, or the kernel died; what is expected to fail is XFAIL; what
// was skipped, refused, or is a *should* that was not met is SKIP, as in JUnit XML. Planned
// specs without a verdict are not ok. What is known of a failure stands in diagnostic lines
// before it.
func writeKTAP(w io.Writer, f *verdict.File) error {
	type cell struct{ loader, kernel string }
	lines := make(map[cell][]string)
	results := make(map[cell]int)
	failed := make(map[cell]bool)
	add := func(at cell, ok bool, name, directive string) {
		word := "ok"
		if !ok {
			word, failed[at] = "not ok", true
		}
		results[at]++
		line := fmt.Sprintf("%s %d %s%s", word, results[at], ktap(name), directive)
		lines[at] = append(lines[at], line)
	}
	planned := asPlanned(f)
	for _, v := range sorted(planned) {
		ok, directive := ktapOutcome(v)
		at := cell{v.LoaderName(), v.Cell.Kernel}
		if !ok || v.Advisory() {
			for line := range strings.Lines(story(v)) {
				lines[at] = append(lines[at], "# "+ktap(line))
			}
		}
		add(at, ok, v.Spec, directive)
	}
	for _, g := range gaps(planned) {
		add(cell{g.Loader, g.Kernel}, false, "every planned verdict of "+g.Suite,
			fmt.Sprintf(" # ERROR %d of %d are not there", g.Missing, g.Specs))
	}
	for _, u := range f.Unproved() {
		add(cell{u.Loader, u.Kernel}, false, "any spec passes", " # "+ktap(unproved(u)))
	}
	m := f.Matrix()
	var cells []cell
	for _, loader := range m.Loaders {
		for _, kernel := range m.Kernels {
			if at := (cell{loader, kernel}); len(lines[at]) > 0 {
				cells = append(cells, at)
			}
		}
	}
	b := bufio.NewWriter(w)
	problems := f.Problems()
	fmt.Fprintf(b, "KTAP version 1\n1..%d\n", len(cells)+len(problems))
	for i, at := range cells {
		name := ktap(cellName(at.loader, at.kernel))
		fmt.Fprintf(b, "  KTAP version 1\n  # Subtest: %s\n  1..%d\n", name, results[at])
		for _, line := range lines[at] {
			fmt.Fprintf(b, "  %s\n", line)
		}
		word := map[bool]string{true: "not ok", false: "ok"}[failed[at]]
		fmt.Fprintf(b, "%s %d %s\n", word, i+1, name)
	}
	for i, p := range problems {
		fmt.Fprintf(b, "not ok %d problem %d # %s\n", len(cells)+i+1, i+1, ktap(p))
	}
	return b.Flush()
}

// ktapOutcome returns how a verdict is told: whether it is ok, and its directive.
func ktapOutcome(v verdict.Verdict) (ok bool, directive string) {
	reason := " " + ktap(v.Reason)
	switch {
	case v.FailsAmongOthers():
		return false, " # " + ktap(among(v))
	case v.Kind == verdict.Pass:
		return true, ""
	case v.Advisory():
		return true, " # SKIP should, not met:" + reason
	case v.Unknown(), v.Kind == verdict.Crash:
		return false, " # ERROR" + reason
	case v.Fails():
		return false, " #" + reason
	case v.Kind == verdict.XFail, v.Kind == verdict.Flaky:
		return true, " # XFAIL" + reason
	}
	return true, " # SKIP" + reason
}

// ktap returns text as a part of a line: it begins no directive, and ends no line.
func ktap(text string) string {
	return strings.Join(strings.Fields(strings.ReplaceAll(printable(text), "#", " ")), " ")
}
