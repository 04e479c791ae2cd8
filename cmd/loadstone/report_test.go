// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/loadstone-bpf/loadstone/report"
	"github.com/loadstone-bpf/loadstone/verdict"
)

// runReport runs `loadstone report` and returns what it printed and with which code it would end.
func runReport(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, errs bytes.Buffer
	cmd := newReportCommand()
	cmd.SetOut(&out)
	cmd.SetErr(&errs)
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	cmd.SetArgs(args)
	err := cmd.ExecuteContext(t.Context())
	var coded interface{ ExitCode() int }
	switch {
	case errors.As(err, &coded):
		code = coded.ExitCode()
	case err != nil:
		code = verdict.ExitHarness
	}
	var quiet quietError
	if err != nil && !errors.As(err, &quiet) {
		errs.WriteString(err.Error())
	}
	return out.String(), errs.String(), code
}

// kept copies a run file of package report's fixtures into a folder of its own.
func kept(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "report", "testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "run.jsonl")
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func listed(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestReportEndsAsItsRunDid(t *testing.T) {
	tests := []struct {
		file   string
		code   int
		stdout string
		stderr string
	}{
		{"clean.jsonl", verdict.ExitClean, "CLEAN  69 pass, 1 skip of 70 planned in 2:13", ""},
		{"stale.jsonl", verdict.ExitFailed, "PROBLEM", ""},
		{"full.jsonl", verdict.ExitHarness, "BROKEN  147 pass", ""},
		{"torn.jsonl", verdict.ExitHarness, "INCOMPLETE", "run file is incomplete: it has no end line"},
	}
	for _, tt := range tests {
		t.Run(tt.file, func(t *testing.T) {
			path := kept(t, tt.file)
			stdout, stderr, code := runReport(t, path)
			if code != tt.code || !strings.Contains(stdout, tt.stdout) ||
				!strings.Contains(stderr, tt.stderr) || (stderr == "") != (tt.stderr == "") {
				t.Errorf("exit code %d, stdout %q, stderr %q", code, stdout, stderr)
			}
			want := []string{"findings.md", "junit.xml", "kcidb.json", "report.html", "run.jsonl", "run.ktap", "summary.md"}
			if diff := cmp.Diff(want, listed(t, filepath.Dir(path))); diff != "" {
				t.Error(diff)
			}
			if !strings.Contains(stdout,
				"report  "+filepath.Join(filepath.Dir(path), "report.html")) {
				t.Error("nobody says where the page is")
			}
		})
	}
}

// TestReportIsTheSameEachTime makes the reports of one file twice.
func TestReportIsTheSameEachTime(t *testing.T) {
	path := kept(t, "full.jsonl")
	first, second := filepath.Join(t.TempDir(), "a"), filepath.Join(t.TempDir(), "b")
	runReport(t, path, "--out", first)
	runReport(t, path, "--out", second)
	for _, name := range listed(t, first) {
		a, errA := os.ReadFile(filepath.Join(first, name))
		b, errB := os.ReadFile(filepath.Join(second, name))
		if errA != nil || errB != nil || !bytes.Equal(a, b) {
			t.Errorf("%s differs (%v, %v)", name, errA, errB)
		}
	}
}

func TestReportMakesWhatIsAskedFor(t *testing.T) {
	tests := []struct {
		formats string
		files   []string
		shows   bool
	}{
		{"terminal", nil, true},
		{"html", []string{"report.html"}, false},
		{"junit,markdown,junit", []string{"junit.xml", "summary.md"}, false},
	}
	for _, tt := range tests {
		out := t.TempDir()
		stdout, stderr, code := runReport(t, kept(t, "full.jsonl"), "--out", out, "--format",
			tt.formats)
		if (stdout != "") != tt.shows || code != verdict.ExitHarness {
			t.Errorf("%s: exit code %d, stdout %q", tt.formats, code, stdout)
		}
		if !tt.shows && !strings.Contains(stderr, "2 without a verdict on the loader") {
			t.Errorf("%s: nobody says why it ends with an error: %q", tt.formats, stderr)
		}
		if !slices.Equal(listed(t, out), tt.files) {
			t.Errorf("%s: files %v", tt.formats, listed(t, out))
		}
	}
}

func TestReportOfWhatIsNoRun(t *testing.T) {
	text := filepath.Join(t.TempDir(), "README.md")
	if err := os.WriteFile(text, []byte("# not a run\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	damaged := kept(t, "clean.jsonl")
	data, err := os.ReadFile(damaged)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(damaged,
		bytes.Replace(data, []byte(`"verdict":"pass"`), []byte(`"verdict":"good"`), 1), 0o644); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		args []string
		code int
		says string
	}{
		{"no such file", []string{filepath.Join(t.TempDir(), "none.jsonl")}, verdict.ExitUsage, "no such file"},
		{"another file", []string{text}, verdict.ExitUsage, "not a run file"},
		{"damaged file", []string{damaged}, verdict.ExitHarness, `line 2: unknown verdict "good"`},
		{"unknown format", []string{kept(t, "clean.jsonl"), "--format", "pdf"}, verdict.ExitUsage, `unknown format "pdf"; there are terminal, html, junit, markdown, findings`},
		{"no format", []string{kept(t, "clean.jsonl"), "--format", ""}, verdict.ExitUsage, "no format is given"},
		{"origin that is none", []string{kept(t, "clean.jsonl"), "--origin", "My Lab"}, verdict.ExitUsage, `--origin: origin "My Lab": want lower-case letters, digits and _`},
		{"folder that cannot be made", []string{kept(t, "clean.jsonl"), "--out", filepath.Join(text, "out")}, verdict.ExitHarness, "not a directory"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			stdout, stderr, code := runReport(t, tt.args...)
			if code != tt.code || !strings.Contains(stderr, tt.says) || stdout != "" {
				t.Errorf("exit code %d, stdout %q, stderr %q", code, stdout, stderr)
			}
		})
	}
}

func TestReportNamesItsOrigin(t *testing.T) {
	for _, origin := range []string{"loadstone", "my_lab"} {
		out := t.TempDir()
		args := []string{kept(t, "clean.jsonl"), "--format", "kcidb", "--out", out}
		if origin != report.DefaultOrigin {
			args = append(args, "--origin", origin)
		}
		if _, stderr, code := runReport(t, args...); code != verdict.ExitClean {
			t.Fatalf("exit code %d: %s", code, stderr)
		}
		text, err := os.ReadFile(filepath.Join(out, "kcidb.json"))
		if err != nil || !bytes.Contains(text, []byte(`"origin":"`+origin+`"`)) {
			t.Errorf("%v: no %s in %.100s", err, origin, text)
		}
	}
}

// A job on GitHub gets a run's summary and annotations, and nothing else does.
func TestRunsOnGitHub(t *testing.T) {
	dir, summary := writeRun(t, verdict.Fail), filepath.Join(t.TempDir(), "summary.md")
	for _, on := range []string{"", "true"} {
		t.Setenv("GITHUB_ACTIONS", on)
		t.Setenv("GITHUB_STEP_SUMMARY", map[string]string{"true": summary}[on])
		out, code := command(t, "report", filepath.Join(dir, runFile))
		if code != verdict.ExitFailed || strings.Contains(out, "::error title=libbpf@1.7 on 6.12%3A mapdefs.one::it did not%0Aagain: ") != (on == "true") {
			t.Errorf("on GitHub %q: exit %d:\n%s", on, code, out)
		}
		text, err := os.ReadFile(summary)
		if (err == nil) != (on == "true") || err == nil && !strings.Contains(string(text), "## loadstone: failed") {
			t.Errorf("on GitHub %q: %v, summary %q", on, err, text)
		}
	}
}
