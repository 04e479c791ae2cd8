// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"github.com/loadstone-bpf/loadstone/report"
	"github.com/loadstone-bpf/loadstone/verdict"
)

// lavaJob is the path of the job for LAVA that the documents name.
const lavaJob = "../../docs/lava.yaml"

// readLAVAJob returns the job as LAVA reads it: YAML of what JSON has, too.
func readLAVAJob(t *testing.T) map[string]any {
	t.Helper()
	text, err := os.ReadFile(lavaJob)
	if err != nil {
		t.Fatal(err)
	}
	var job map[string]any
	if err := yaml.Unmarshal(text, &job); err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(job)
	if err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(strings.NewReader(string(data)))
	if err != nil {
		t.Fatal(err)
	}
	return document.(map[string]any)
}

// at returns what is in a job behind keys and indices.
func at(t *testing.T, value any, keys ...any) any {
	t.Helper()
	for _, key := range keys {
		switch k := key.(type) {
		case string:
			value = value.(map[string]any)[k]
		case int:
			value = value.([]any)[k]
		}
	}
	return value
}

func TestLAVAJobKeepsTheSchema(t *testing.T) {
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	schema, err := compiler.Compile("testdata/lava.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	job := readLAVAJob(t)
	if err := schema.Validate(job); err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for _, action := range job["actions"].([]any) {
		kinds = append(kinds, slices.Collect(maps.Keys(action.(map[string]any)))...)
	}
	if diff := cmp.Diff([]string{"deploy", "boot", "test"}, kinds); diff != "" {
		t.Errorf("actions: %s", diff)
	}
	// LAVA refuses an action that may take longer than the job.
	whole := lavaTimeout(t, at(t, job, "timeouts", "job"))
	for name, timeout := range map[string]any{
		"action": at(t, job, "timeouts", "action"), "connection": at(t, job, "timeouts", "connection"),
		"test": at(t, job, "actions", 2, "test", "timeout"),
	} {
		if lavaTimeout(t, timeout) >= whole {
			t.Errorf("the timeout of %s is not below the job's", name)
		}
	}
	definition := []any{"actions", 2, "test", "definitions", 0}
	for name, spoil := range map[string]func(map[string]any){
		"no name":                func(j map[string]any) { delete(j, "job_name") },
		"no timeouts":            func(j map[string]any) { delete(j, "timeouts") },
		"no visibility":          func(j map[string]any) { delete(j, "visibility") },
		"a visibility of none":   func(j map[string]any) { j["visibility"] = "secret" },
		"a priority of none":     func(j map[string]any) { j["priority"] = "now" },
		"no actions":             func(j map[string]any) { j["actions"] = []any{} },
		"a timeout in two units": func(j map[string]any) { at(t, j, "timeouts", "job").(map[string]any)["days"] = 1 },
		"another action":         func(j map[string]any) { j["actions"].([]any)[0] = map[string]any{"flash": map[string]any{}} },
		"a deploy of nothing":    func(j map[string]any) { at(t, j, "actions", 0, "deploy").(map[string]any)["images"] = map[string]any{} },
		"a boot without method":  func(j map[string]any) { delete(at(t, j, "actions", 1, "boot").(map[string]any), "method") },
		"a definition's name":    func(j map[string]any) { at(t, j, definition...).(map[string]any)["name"] = "load stone" },
		"no format": func(j map[string]any) {
			delete(at(t, j, append(slices.Clone(definition), "repository", "metadata")...).(map[string]any), "format")
		},
		"a parse pattern": func(j map[string]any) {
			at(t, j, append(slices.Clone(definition), "repository")...).(map[string]any)["parse"] = map[string]any{"pattern": "x"}
		},
	} {
		spoilt := readLAVAJob(t)
		spoil(spoilt)
		if schema.Validate(spoilt) == nil {
			t.Errorf("%s: the schema takes it", name)
		}
	}
}

// lavaTimeout returns a timeout of a job.
func lavaTimeout(t *testing.T, value any) time.Duration {
	t.Helper()
	for unit, n := range value.(map[string]any) {
		count, err := n.(json.Number).Int64()
		if err != nil {
			t.Fatal(err)
		}
		return time.Duration(count) * map[string]time.Duration{
			"days": 24 * time.Hour, "hours": time.Hour, "minutes": time.Minute, "seconds": time.Second,
		}[unit]
	}
	return 0
}

// lavaSteps returns the steps that the job runs on the device.
func lavaSteps(t *testing.T) []string {
	t.Helper()
	var steps []string
	for _, step := range at(t, readLAVAJob(t), "actions", 2, "test", "definitions", 0, "repository", "run", "steps").([]any) {
		steps = append(steps, step.(string))
	}
	return steps
}

// The job gives loadstone a command line that it understands.
func TestLAVAJobRunsWhatExists(t *testing.T) {
	found := 0
	for _, step := range lavaSteps(t) {
		line, ok := strings.CutPrefix(step, "loadstone ")
		if !ok {
			continue
		}
		found++
		line, _, _ = strings.Cut(line, "||")
		if err := understood(strings.Fields(line)); err != nil || !strings.Contains(line, "--kernel native") {
			t.Errorf("loadstone %s: %v", line, err)
		}
	}
	if found != 1 {
		t.Errorf("loadstone is run %d times", found)
	}
}

// A lavaResult is one that a device reports.
type lavaResult struct{ Set, Case, Result string }

// onDevice runs the steps of the job as LAVA does, in one shell that ends with the first that
// fails, with the KTAP of a run for loadstone's, and what LAVA has on a device for what reports.
func onDevice(t *testing.T, ktap string, code int) (results []lavaResult, raised string, err error) {
	t.Helper()
	dir := t.TempDir()
	programs := map[string]string{
		"loadstone": fmt.Sprintf("[ -z \"$KTAP\" ] || cp \"$KTAP\" %s/run.ktap\nexit %d\n", dir, code),
		"lava-test-set": `case "$1" in start) [ ! -s set ] && [ -n "$2" ] && echo "$2" > set ;; stop) [ -s set ] && : > set ;; *) false ;; esac
`,
		"lava-test-case":  "[ $# = 3 ] && [ \"$2\" = --result ] && echo \"$(cat set) $1 $3\" >> results\n",
		"lava-test-raise": "echo \"$*\" > raised; exit 1\n",
	}
	for name, text := range programs {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range map[string]string{"set": "", "results": "", "raised": ""} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	script := "set -e\nset -x\n" + strings.Join(lavaSteps(t), "\n") + "\nset +x\n"
	script = strings.NewReplacer("/opt/loadstone/bin", dir, "/tmp/loadstone", dir).Replace(script)
	cmd := exec.CommandContext(t.Context(), "/bin/sh", "-e", "-c", script)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "KTAP="+ktap)
	out, err := cmd.CombinedOutput()
	t.Logf("%s", out)
	text, readErr := os.ReadFile(filepath.Join(dir, "results"))
	if readErr != nil {
		t.Fatal(readErr)
	}
	for line := range strings.Lines(string(text)) {
		// Outside of a set the line begins with a blank.
		words := strings.Split(strings.TrimSuffix(line, "\n"), " ")
		if len(words) != 3 {
			t.Fatalf("result %q", line)
		}
		results = append(results, lavaResult{words[0], words[1], words[2]})
	}
	said, readErr := os.ReadFile(filepath.Join(dir, "raised"))
	if readErr != nil {
		t.Fatal(readErr)
	}
	return results, strings.TrimSpace(string(said)), err
}

// ktapOf writes the KTAP of a run and returns its path.
func ktapOf(t *testing.T, f *verdict.File) string {
	t.Helper()
	paths, err := report.Write(t.TempDir(), f, report.KTAP)
	if err != nil {
		t.Fatal(err)
	}
	return paths[0]
}

// fixtureRun reads a run of package report's fixtures.
func fixtureRun(t *testing.T, name string) *verdict.File {
	t.Helper()
	f, err := verdict.ReadFile(kept(t, name))
	if f == nil {
		t.Fatal(err)
	}
	return f
}

// resultOf returns what LAVA is to hear of a verdict.
func resultOf(v verdict.Verdict) string {
	switch {
	case v.Fails() || v.Unknown():
		return "fail"
	case v.Kind == verdict.Pass:
		return "pass"
	}
	return "skip"
}

// idLAVATakes matches names of cases and sets that LAVA's pages link to.
var idLAVATakes = regexp.MustCompile(`^[-_a-zA-Z0-9.]+$`)

// What LAVA reports of a run is what the run says, spec by spec.
func TestLAVAJobReportsARun(t *testing.T) {
	for _, name := range []string{"full.jsonl", "clean.jsonl", "stale.jsonl", "unproved.jsonl", "torn.jsonl"} {
		t.Run(name, func(t *testing.T) {
			f := fixtureRun(t, name)
			code := 0
			var coded interface{ ExitCode() int }
			if err := f.Err(); errors.As(err, &coded) {
				code = coded.ExitCode()
			}
			results, raised, err := onDevice(t, ktapOf(t, f), code)
			if (err != nil) != (code > 1) || (raised != "") != (code > 1) {
				t.Errorf("loadstone ends with %d, the steps with %v, raised %q", code, err, raised)
			}
			got, seen := make(map[lavaResult]int), make(map[lavaResult]bool)
			counts, wholes := make(map[string]int), make(map[string]int)
			for _, r := range results {
				if !idLAVATakes.MatchString(r.Case) || r.Set != "" && !idLAVATakes.MatchString(r.Set) {
					t.Errorf("LAVA does not take %+v", r)
				}
				if key := (lavaResult{r.Set, r.Case, ""}); seen[key] {
					t.Errorf("%+v is there twice", r)
				} else {
					seen[key] = true
				}
				if r.Set == "" {
					wholes[r.Result]++
					continue
				}
				got[r]++
				counts[r.Result]++
			}
			want, wantCounts := make(map[lavaResult]int), make(map[string]int)
			for _, v := range slices.Concat(f.Verdicts, f.Absent()) {
				set := strings.NewReplacer("@", "_", " ", "_").Replace(v.Cell.String())
				want[lavaResult{set, strings.ReplaceAll(v.Spec, "/", "."), resultOf(v)}]++
				wantCounts[resultOf(v)]++
			}
			for _, u := range f.Unproved() {
				set := strings.NewReplacer("@", "_", " ", "_").Replace(u.Loader + " on " + u.Kernel)
				want[lavaResult{set, "any_spec_passes", "fail"}]++
				wantCounts["fail"]++
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(wantCounts, counts); diff != "" {
				t.Errorf("counts: %s", diff)
			}
			if m := f.Matrix(); wholes["pass"]+wholes["fail"] != len(m.Loaders)*len(m.Kernels)+len(f.Problems()) || (wholes["fail"] > 0) != (f.Err() != nil) {
				t.Errorf("wholes %v of a run that ends with %v", wholes, f.Err())
			}
		})
	}
}

// What a loader writes cannot become a result.
func TestLAVAJobTakesNoResultFromAGuest(t *testing.T) {
	f := fixtureRun(t, "clean.jsonl")
	f.Run.Plan, f.Run.Planned = f.Run.Plan[:1], 2
	f.Run.Plan[0].Specs = 2
	f.Verdicts = slices.Clone(f.Verdicts[:2])
	for i := range f.Verdicts {
		v := &f.Verdicts[i]
		v.Kind, v.Reason = verdict.Fail, "ok 1 forged # SKIP\nok 2 forged\n# Subtest: forged"
		v.Seen, v.Detail = "Subtest: forged\n  # Subtest: forged", "Subtest: forged\nok 3 forged\n  ok 3 forged\nnot ok 4 forged"
	}
	results, _, err := onDevice(t, ktapOf(t, f), 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range results {
		if strings.Contains(r.Set+r.Case, "forged") || r.Result != "fail" {
			t.Errorf("%+v", r)
		}
	}
	if len(results) < 3 {
		t.Errorf("%d results", len(results))
	}
}

// A run that could not be done does not end as a job that is complete.
func TestLAVAJobOfARunThatMakesNothing(t *testing.T) {
	results, raised, err := onDevice(t, "", 3)
	if err == nil || raised != "loadstone-made-no-results" || len(results) != 0 {
		t.Errorf("%v, raised %q, results %v", err, raised, results)
	}
	results, raised, err = onDevice(t, ktapOf(t, fixtureRun(t, "clean.jsonl")), 130)
	if err == nil || raised != "loadstone-ended-with-130" || len(results) == 0 {
		t.Errorf("%v, raised %q, %d results", err, raised, len(results))
	}
}
