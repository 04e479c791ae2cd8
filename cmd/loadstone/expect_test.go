// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/loadstone-bpf/loadstone/suites/catalogue"
	"github.com/loadstone-bpf/loadstone/verdict"
)

// wholeRun writes a run of every spec, of which one failed, and returns its folder.
func wholeRun(t *testing.T, failed string) string {
	t.Helper()
	committed, err := catalogue.Committed()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	w, err := verdict.Create(filepath.Join(dir, runFile), verdict.Run{
		ID: "whole", Plan: []verdict.Part{{Loader: "libbpf@1.7", Kernel: "6.12", Suite: "s", Specs: len(committed.Specs)}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range committed.Specs {
		v := verdict.Verdict{
			Spec: id, Suite: "s", Kind: verdict.Pass,
			Cell: verdict.Cell{Loader: "libbpf", LoaderVersion: "1.7", Kernel: "6.12", KernelRelease: "6.12.1"},
		}
		if id == failed {
			v.Kind, v.Reason, v.Expected, v.Seen = verdict.Fail, "ok", "rejected at open", "ok; maps m"
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

func TestExpectUpdate(t *testing.T) {
	committed, err := catalogue.Committed()
	if err != nil {
		t.Fatal(err)
	}
	whole, part := wholeRun(t, committed.Specs[0]), writeRun(t, verdict.Pass)
	file := filepath.Join(t.TempDir(), "known.yaml")
	for _, tt := range []struct {
		name string
		args []string
		code int
		says string
	}{
		{"no file", []string{whole}, verdict.ExitUsage, "--file"},
		{"a filtered run", []string{part, "--file", file}, verdict.ExitUsage, "run without --suite and --spec"},
		{"a dry run", []string{whole, "--file", file, "--dry-run"}, verdict.ExitFailed, committed.Specs[0] + " of libbpf is new (fail): it needs an issue"},
		{"a new failure", []string{whole, "--file", file}, verdict.ExitFailed, "it needs an issue"},
		{"without its reason", []string{whole, "--file", file}, verdict.ExitUsage, "issue is needed"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			out, code := command(t, append([]string{"expect", "update"}, tt.args...)...)
			if code != tt.code || !strings.Contains(out, tt.says) {
				t.Errorf("exit %d, want %d with %q:\n%s", code, tt.code, tt.says, out)
			}
			if _, err := os.Stat(file); err == nil && tt.name == "a dry run" {
				t.Error("a dry run writes")
			}
		})
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	written := strings.Replace(string(text), "'' # where is it reported?", "https://example.org/7", 1)
	if err := os.WriteFile(file, []byte(written), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, code := command(t, "expect", "update", whole, "--file", file); code != verdict.ExitClean || !strings.Contains(out, "is as the runs say") {
		t.Errorf("a file that holds: exit %d:\n%s", code, out)
	}
	if out, code := command(t, "expect", "update", wholeRun(t, ""), "--file", file); code != verdict.ExitClean || !strings.Contains(out, "is taken out") {
		t.Errorf("a failure that is mended: exit %d:\n%s", code, out)
	}
}
