// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/loadstone-bpf/loadstone/report"
	"github.com/loadstone-bpf/loadstone/verdict"
)

func TestHistory(t *testing.T) {
	summary := filepath.Join(t.TempDir(), "summary.md")
	t.Setenv("GITHUB_STEP_SUMMARY", summary)
	good, bad := writeRun(t, verdict.Pass), writeRun(t, verdict.Fail)
	cut := kept(t, "torn.jsonl")
	notRun := filepath.Join(t.TempDir(), "x.jsonl")
	if err := os.WriteFile(notRun, []byte("{}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		args []string
		code int
		says string
	}{
		{"worse", []string{good, bad}, verdict.ExitClean, "REGRESSION  libbpf@1.7 on 6.12  mapdefs.one"},
		{"a cut run", []string{cut, kept(t, "full.jsonl")}, verdict.ExitUsage, "the same run is given twice"},
		{"a cut run and another", []string{cut, good}, verdict.ExitClean, "64 of 210 planned verdicts are not in the run file"},
		{"nothing in common", []string{kept(t, "unproved.jsonl") + ",loader=reference", good}, verdict.ExitUsage, "no two of these runs have a loader and a kernel in common"},
		{"twice", []string{good, bad, good}, verdict.ExitUsage, "the same run is given twice"},
		{"twice, by two names", []string{good, filepath.Join(good, runFile)}, verdict.ExitUsage, "name it once"},
		{"kernels of one run", []string{bad + ",kernel=5.10", bad + ",kernel=6.12"}, verdict.ExitClean, "kernel=6.12 (1.7)"},
		{"no such file", []string{good, "missing.jsonl"}, verdict.ExitUsage, "missing.jsonl"},
		{"no run", []string{good, notRun}, verdict.ExitUsage, "not a run file"},
		{"no such part", []string{good, bad + ",kernel=9.9"}, verdict.ExitUsage, "no verdict in the run is of that part"},
		{"a format of one run", []string{good, bad, "--format", "junit"}, verdict.ExitUsage, "a history of several has terminal, html, markdown"},
		{"JSON and files", []string{good, bad, "--json", "--out", "x"}, verdict.ExitUsage, "--json prints, and writes no files: leave out --out and --format"},
		{"one folder", []string{good, "--format", "terminal"}, verdict.ExitClean, "CLEAN"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			out, code := command(t, append([]string{"report"}, tt.args...)...)
			if code != tt.code || !strings.Contains(out, tt.says) {
				t.Errorf("exit %d, want %d with %q:\n%s", code, tt.code, tt.says, out)
			}
		})
	}
	if text, err := os.ReadFile(summary); err != nil || !strings.Contains(string(text), "history of 2 runs") {
		t.Errorf("summary of the job: %v, %q", err, text)
	}
}

// A history goes where it is asked to, in the formats that are asked for.
func TestHistoryMakesWhatIsAskedFor(t *testing.T) {
	for _, tt := range []struct {
		args  []string
		files []string
	}{
		{nil, []string{"history.html", "history.md"}},
		{[]string{"--format", "html"}, []string{"history.html"}},
		{[]string{"--format", "terminal"}, nil},
	} {
		out := t.TempDir()
		args := append([]string{"report", writeRun(t, verdict.Pass), writeRun(t, verdict.Fail), "--out", out}, tt.args...)
		if text, code := command(t, args...); code != verdict.ExitClean {
			t.Fatalf("exit %d: %s", code, text)
		}
		if !slices.Equal(listed(t, out), tt.files) {
			t.Errorf("%v: files %v", tt.args, listed(t, out))
		}
	}
	last := writeRun(t, verdict.Fail)
	command(t, "report", writeRun(t, verdict.Pass), last)
	if got := listed(t, last); !slices.Contains(got, "history.html") {
		t.Errorf("without --out, files beside the last run: %v", got)
	}
}

func TestHistoryAsJSON(t *testing.T) {
	good, bad := writeRun(t, verdict.Pass), writeRun(t, verdict.Fail)
	out, code := command(t, "report", good, bad, "--json")
	var h report.History
	if err := json.Unmarshal([]byte(out), &h); err != nil || code != verdict.ExitClean {
		t.Fatalf("exit %d, %v: %s", code, err, out)
	}
	if len(h.Runs) != 2 || len(h.Loaders) != 1 || len(h.Loaders[0].Features) != 1 {
		t.Fatalf("%+v", h)
	}
	cell := h.Loaders[0].Features[0].Cells[1]
	if len(cell.Changes) != 1 || cell.Changes[0].Kind != verdict.Regressed || cell.Changes[0].Kernel != "6.12" || len(cell.Unmet) != 1 {
		t.Errorf("%+v", cell)
	}
	if got := listed(t, bad); !slices.Equal(got, []string{runFile}) {
		t.Errorf("--json writes files: %v", got)
	}
}
