// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/loadstone-bpf/loadstone/verdict"
)

// writeRun writes a run of two kernels into a folder: the spec passes on 5.10, and ends as kind on
// 6.12.
func writeRun(t *testing.T, kind verdict.Kind) string {
	t.Helper()
	dir := t.TempDir()
	run := verdict.Run{
		ID: filepath.Base(dir),
		Plan: []verdict.Part{
			{Loader: "libbpf@1.7", Kernel: "5.10", Suite: "mapdefs", Specs: 1},
			{Loader: "libbpf@1.7", Kernel: "6.12", Suite: "mapdefs", Specs: 1},
		},
		Kernels: []verdict.Kernel{{Name: "5.10"}, {Name: "6.12"}},
		Loaders: []verdict.Loader{{Name: "libbpf@1.7"}}, Suites: []string{"mapdefs"},
	}
	w, err := verdict.Create(filepath.Join(dir, runFile), run)
	if err != nil {
		t.Fatal(err)
	}
	for kernel, kind := range map[string]verdict.Kind{"5.10": verdict.Pass, "6.12": kind} {
		v := verdict.Verdict{
			Spec: "mapdefs.one", Suite: "mapdefs", Requirement: []string{"mapdefs.one"}, Kind: kind,
			Cell: verdict.Cell{Loader: "libbpf", LoaderVersion: "1.7", Kernel: kernel},
		}
		if kind != verdict.Pass {
			v.Reason = "it did not"
		}
		if err := w.Write(v); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close("", nil); err != nil {
		t.Fatal(err)
	}
	return dir
}

// command runs loadstone with arguments, and returns what it prints and its exit code.
func command(t *testing.T, args ...string) (string, int) {
	t.Helper()
	root := newRootCommand()
	var out bytes.Buffer
	root.SetOut(&out)
	root.SetErr(&out)
	root.SetArgs(args)
	err := root.ExecuteContext(t.Context())
	var quiet quietError
	if err != nil && !errors.As(err, &quiet) {
		out.WriteString(err.Error())
	}
	return out.String(), exitCode(err)
}

func TestCompare(t *testing.T) {
	summary := filepath.Join(t.TempDir(), "summary.md")
	t.Setenv("GITHUB_STEP_SUMMARY", summary)
	good, bad := writeRun(t, verdict.Pass), writeRun(t, verdict.Fail)
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
		{"worse", []string{good, bad}, verdict.ExitFailed, "WORSE  1 regression, 1 as before"},
		{"the file itself", []string{filepath.Join(good, runFile), bad}, verdict.ExitFailed, "WORSE"},
		{"better", []string{bad, good}, verdict.ExitClean, "NO WORSE  1 fixed, 1 as before"},
		{"the same", []string{good, good}, verdict.ExitClean, "NO WORSE  2 as before"},
		{"cells of one run", []string{bad + ",kernel=5.10", bad + ",kernel=6.12"}, verdict.ExitFailed, "WORSE  1 regression"},
		{"a part", []string{good + ",loader=libbpf,kernel=6.12", bad + ",loader=libbpf@1.7,kernel=6.12"}, verdict.ExitFailed, "WORSE  1 regression"},
		{"no such kernel", []string{good + ",kernel=9.9", bad}, verdict.ExitUsage, "kernel=9.9: no verdict"},
		{"no such word", []string{good + ",suite=x", bad}, verdict.ExitUsage, "loader= or kernel="},
		{"no value", []string{good + ",kernel", bad}, verdict.ExitUsage, "want loader=L"},
		{"no such file", []string{"missing.jsonl", bad}, verdict.ExitUsage, "missing.jsonl"},
		{"no run", []string{notRun, bad}, verdict.ExitUsage, "x.jsonl"},
		{"one side", []string{good}, verdict.ExitUsage, "accepts 2 arg(s)"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			out, code := command(t, append([]string{"compare"}, tt.args...)...)
			if code != tt.code || !strings.Contains(out, tt.says) {
				t.Errorf("exit %d, want %d with %q:\n%s", code, tt.code, tt.says, out)
			}
		})
	}
	out, _ := command(t, "compare", good, bad, "--json")
	var c verdict.Comparison
	if err := json.Unmarshal([]byte(out), &c); err != nil || len(c.Changes) != 1 || c.Same != 1 {
		t.Errorf("%v: %s", err, out)
	}
	if text, err := os.ReadFile(summary); err != nil || !strings.Contains(string(text), "WORSE than before") {
		t.Errorf("summary of the job: %v, %q", err, text)
	}
}

// A baseline is looked at before anything takes time.
func TestBaselineIsARunOrAKernel(t *testing.T) {
	good := writeRun(t, verdict.Pass)
	for _, tt := range []struct {
		name string
		o    runOptions
		file bool
		says string // of the error
	}{
		{"none", runOptions{}, false, ""},
		{"a folder", runOptions{baseline: good}, true, ""},
		{"a file", runOptions{baseline: filepath.Join(good, runFile)}, true, ""},
		{"a kernel", runOptions{baseline: "6.12", kernels: []string{"./bzImage"}}, false, ""},
		{"a kernel alone", runOptions{baseline: "6.12"}, false, "name the kernels"},
		{"itself", runOptions{baseline: "6.12", kernels: []string{"6.12"}}, false, "against itself"},
		{"no such file", runOptions{baseline: "missing.jsonl"}, false, "missing.jsonl"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			kernels := len(tt.o.kernels)
			file, err := tt.o.findBaseline()
			if (file != nil) != tt.file || (err != nil) != (tt.says != "") ||
				err != nil && (!strings.Contains(err.Error(), tt.says) || exitCode(err) != verdict.ExitUsage) {
				t.Errorf("%v, %v, want error with %q", file, err, tt.says)
			}
			if err == nil && tt.name == "a kernel" && len(tt.o.kernels) != kernels+1 {
				t.Errorf("kernels %q: the baseline is not run", tt.o.kernels)
			}
		})
	}
}
