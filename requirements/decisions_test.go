// SPDX-License-Identifier: Apache-2.0

package requirements

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// decisions names the document of what the reference loader decides where loaders differ.
const decisions = "../docs/reference-loader.md"

var (
	heldByIDs = regexp.MustCompile("^(`[^` ]+`)( `[^` ]+`)*$")
	heldByNot = regexp.MustCompile(`^— [A-Z].*\.$`)
)

// checkDecisions returns the number of decisions in the document's tables, and what is wrong with
// them: each names requirements that exist, or says behind a dash why there is none.
func checkDecisions(text string, set *Set) (rows int, problems []string) {
	for i, line := range strings.Split(text, "\n") {
		if !strings.HasPrefix(line, "|") || line == "| decision | requirements |" || line == "|---|---|" {
			continue
		}
		rows++
		report := func(format string, args ...any) {
			problems = append(problems, fmt.Sprintf("line %d: ", i+1)+fmt.Sprintf(format, args...))
		}
		cells := strings.Split(strings.Trim(line, "|"), "|")
		if len(cells) != 2 || strings.TrimSpace(cells[0]) == "" {
			report("want a decision and its requirements")
			continue
		}
		held := strings.TrimSpace(cells[1])
		if heldByNot.MatchString(held) {
			continue
		}
		if !heldByIDs.MatchString(held) {
			report("%q is neither ids in backquotes nor a dash with a reason", held)
			continue
		}
		for id := range strings.FieldsSeq(strings.ReplaceAll(held, "`", " ")) {
			if _, found := set.Get(id); !found {
				report("there is no requirement %s", id)
			}
		}
	}
	return rows, problems
}

func TestDecisionsOfTheReferenceLoader(t *testing.T) {
	text, err := os.ReadFile(decisions)
	if err != nil {
		t.Fatal(err)
	}
	set, err := Read()
	if err != nil {
		t.Fatal(err)
	}
	rows, problems := checkDecisions(string(text), set)
	if rows == 0 {
		t.Error("there is no decision in it")
	}
	for _, p := range problems {
		t.Errorf("%s: %s", decisions, p)
	}
}

func TestDecisionsThatAreRefused(t *testing.T) {
	set, err := Read()
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Join([]string{
		"| decision | requirements |",
		"|---|---|",
		"| It refuses. | `numa.node.zero` `numa.node.placed` |",
		"| It refuses. | — No requirement sees it. |",
		"| It refuses. | `numa.node.zero` `numa.node.gone` |",
		"| It refuses. | — |",
		"| It refuses. | |",
		"| It refuses. | numa.node.zero |",
		"| It refuses. | `numa.node.zero` | `numa.node.placed` |",
		"| | `numa.node.zero` |",
	}, "\n")
	want := []string{
		"line 5: there is no requirement numa.node.gone",
		`line 6: "—" is neither ids in backquotes nor a dash with a reason`,
		`line 7: "" is neither ids in backquotes nor a dash with a reason`,
		`line 8: "numa.node.zero" is neither ids in backquotes nor a dash with a reason`,
		"line 9: want a decision and its requirements",
		"line 10: want a decision and its requirements",
	}
	rows, problems := checkDecisions(text, set)
	if diff := cmp.Diff(want, problems); diff != "" || rows != 8 {
		t.Errorf("%d rows, %s", rows, diff)
	}
}
