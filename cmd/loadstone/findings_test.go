// SPDX-License-Identifier: Apache-2.0

package main

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/loadstone-bpf/loadstone/report"
	"github.com/loadstone-bpf/loadstone/requirements"
	"github.com/loadstone-bpf/loadstone/verdict"
)

var update = flag.Bool("update", false, "write the requirements in docs/findings.md anew")

var (
	// findingLine matches the first line of a finding: an anchor, if it has one, its level and its
	// spec. The sentence of its requirement follows.
	findingLine = regexp.MustCompile("^- (<a id=\"[^\"]*\"></a>)?(?:must|should) `([^`]+)`: ")

	// sourceLine begins the line of a finding that says where its requirement comes from.
	sourceLine = "  - source: "

	// loaderHeading matches the heading of a loader's findings, with or without versions.
	loaderHeading = regexp.MustCompile(`^##+ ([a-z0-9-]+)( [0-9].*)?$`)
)

// A finding holds what the document says of one spec of a loader, by its lines. What was seen
// stands between them.
type finding struct {
	loader, spec string
	head, source int // line numbers from 0; source is -1 where there is none
	anchored     bool
}

// findingsIn returns the findings in the lines of a document.
func findingsIn(lines []string) []finding {
	var all []finding
	loader := ""
	for i, line := range lines {
		if m := loaderHeading.FindStringSubmatch(line); m != nil {
			loader = m[1]
		}
		if m := findingLine.FindStringSubmatch(line); m != nil {
			all = append(all, finding{
				loader: loader, spec: m[2], head: i, source: -1, anchored: m[1] != "",
			})
		}
		if strings.HasPrefix(line, sourceLine) && len(all) > 0 && all[len(all)-1].source < 0 {
			all[len(all)-1].source = i
		}
	}
	return all
}

// A requirementText holds what is said of a requirement in a finding.
type requirementText struct{ Head, Source string }

// textOf returns what the lines say of the requirement of a finding.
func textOf(lines []string, f finding) requirementText {
	text := requirementText{Head: lines[f.head]}
	if f.source >= 0 {
		text.Source = lines[f.source]
	}
	return text
}

// failed returns the verdict of a spec that failed, with its requirement as it is today.
func failed(t *testing.T, set *requirements.Set, f finding) verdict.Verdict {
	t.Helper()
	r, found := set.ForSpec(f.spec)
	if !found {
		t.Fatalf("docs/findings.md, line %d: spec %s has no requirement", f.head+1, f.spec)
	}
	v := verdict.Verdict{
		Spec: f.spec, Suite: r.Area(), Cell: verdict.Cell{Loader: f.loader}, Kind: verdict.Fail,
		Reason: "seen", Level: verdict.Level(r.Level), Sentence: []string{r.Sentence},
	}
	for _, s := range r.Sources {
		v.Sources = append(v.Sources, verdict.Source{Text: s.String(), URL: s.URL()})
	}
	return v
}

// reported returns what a report of today says of the requirements of findings, by loader and spec.
func reported(t *testing.T, verdicts []verdict.Verdict) map[[2]string]requirementText {
	t.Helper()
	run := &verdict.File{Verdicts: verdicts}
	for _, v := range verdicts {
		if !slices.ContainsFunc(run.Run.Loaders, func(l verdict.Loader) bool {
			return l.Name == v.Cell.Loader
		}) {
			run.Run.Loaders = append(run.Run.Loaders, verdict.Loader{Name: v.Cell.Loader})
		}
	}
	paths, err := report.Write(t.TempDir(), run, report.Findings)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(paths[0])
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(text), "\n")
	all := make(map[[2]string]requirementText)
	for _, f := range findingsIn(lines) {
		all[[2]string{f.loader, f.spec}] = textOf(lines, f)
	}
	return all
}

// What docs/findings.md says of requirements is what requirements/ says, for findings of an older
// run as well: what a run saw belongs to its day, what is asked of a loader does not.
func TestFindingsQuoteTheRequirements(t *testing.T) {
	path := filepath.Join("..", "..", "docs", "findings.md")
	document, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	set, err := requirements.Read()
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(document), "\n")
	all := findingsIn(lines)
	if len(all) < 400 {
		t.Fatalf("only %d findings are found in %s", len(all), path)
	}
	var verdicts []verdict.Verdict
	for _, f := range all {
		verdicts = append(verdicts, failed(t, set, f))
	}
	today := reported(t, verdicts)
	for _, f := range all {
		want, found := today[[2]string{f.loader, f.spec}]
		if !found || f.source < 0 {
			t.Errorf("line %d: finding %s of %s: in the report: %t; its sources in line %d",
				f.head+1, f.spec, f.loader, found, f.source+1)
			continue
		}
		if !f.anchored {
			want.Head = "- " + want.Head[strings.Index(want.Head, "</a>")+len("</a>"):]
		}
		if diff := cmp.Diff(want, textOf(lines, f)); diff != "" && !*update {
			t.Errorf("line %d (-want +got; -update writes it anew):\n%s", f.head+1, diff)
		}
		lines[f.head], lines[f.source] = want.Head, want.Source
	}
	if *update {
		if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
