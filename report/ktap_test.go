// SPDX-License-Identifier: Apache-2.0

package report

import (
	"bytes"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/loadstone-bpf/loadstone/verdict"
)

// Each line is one that a parser of KTAP takes, numbers go up by one, and each plan is kept.
func TestKTAP(t *testing.T) {
	result := regexp.MustCompile(`^(  )?(ok|not ok) (\d+) ([^#]+?)( # (SKIP |XFAIL |ERROR )?[^#]*)?$`)
	plan := regexp.MustCompile(`^(  )?1\.\.(\d+)$`)
	for _, name := range []string{"full.jsonl", "clean.jsonl", "torn.jsonl", "unproved.jsonl", "stale.jsonl"} {
		f := fixture(t, name)
		var b bytes.Buffer
		if err := KTAP.write(&b, f, DefaultOrigin); err != nil {
			t.Fatal(err)
		}
		planned, seen := map[string]int{}, map[string]int{}
		kept := func(level string) {
			if planned[level] != seen[level] {
				t.Errorf("%s: %d results of %d planned", name, seen[level], planned[level])
			}
		}
		specs, failures := 0, 0
		for i, line := range strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n") {
			switch r, p := result.FindStringSubmatch(line), plan.FindStringSubmatch(line); {
			case i == 0 && line == "KTAP version 1", line == "  KTAP version 1", strings.HasPrefix(line, "  # "):
			case p != nil:
				kept(p[1])
				n, err := strconv.Atoi(p[2])
				if err != nil {
					t.Fatal(err)
				}
				planned[p[1]], seen[p[1]] = n, 0
			case r != nil:
				if seen[r[1]]++; strconv.Itoa(seen[r[1]]) != r[3] {
					t.Errorf("%s: line %d is number %s, want %d", name, i+1, r[3], seen[r[1]])
				}
				if r[1] != "" {
					specs++
				}
				if r[2] == "not ok" {
					failures++
				}
			default:
				t.Errorf("%s: line %d is none of KTAP: %q", name, i+1, line)
			}
		}
		kept("")
		kept("  ")
		if specs < len(f.Verdicts) {
			t.Errorf("%s: %d results of %d verdicts", name, specs, len(f.Verdicts))
		}
		if (failures > 0) != (f.Err() != nil) {
			t.Errorf("%s: %d are not ok, and the run ends with %v", name, failures, f.Err())
		}
	}
	text := ktap("a # SKIP b\nnot ok 1 c")
	if text != "a SKIP b not ok 1 c" {
		t.Errorf("a hostile text is %q", text)
	}
	if ok, directive := ktapOutcome(verdict.Verdict{Kind: verdict.Skip, Reason: "it lacks"}); !ok || directive != " # SKIP it lacks" {
		t.Errorf("a skip is %v%s", ok, directive)
	}
}
