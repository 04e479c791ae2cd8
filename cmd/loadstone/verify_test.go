// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/loadstone-bpf/loadstone/verdict"
)

func TestVerifyAsJSON(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Fatal("specs take root to run: run make test as root")
	}
	dir := filepath.Join(t.TempDir(), "verified")
	args := []string{
		"verify", "--kernel", "native", "--spec", "metadata.bind.*", "--repeat", "2", "--seed", "7",
		"--out", dir, "--json",
	}
	loadstone := installed(t)
	printed, err := starting(t, loadstone, args...).Output()
	if err != nil {
		var exit *exec.ExitError
		errors.As(err, &exit)
		t.Fatalf("%v: %s", err, exit.Stderr)
	}
	var s verdict.Stability
	if err := json.Unmarshal(printed, &s); err != nil {
		t.Fatalf("%v in %s", err, printed)
	}
	if s.Runs != 2 || s.Same == 0 || !s.Stable() || s.Unstable == nil {
		t.Errorf("%+v", s)
	}
	for i, run := range []string{"1", "2"} {
		f, err := verdict.ReadFile(filepath.Join(dir, run, runFile))
		if err != nil {
			t.Fatal(err)
		}
		if want := uint64(7 + i); f.Run.Seed != want || len(f.Verdicts) != s.Same {
			t.Errorf("run %s: seed %d, want %d, and %d verdicts", run, f.Run.Seed, want, len(f.Verdicts))
		}
	}
	// The runs of before are not written over.
	again, err := starting(t, loadstone, args...).CombinedOutput()
	if err == nil || !strings.Contains(string(again), "--overwrite") {
		t.Errorf("again: %v: %s", err, again)
	}
}

func TestVerifyTakesTwoRuns(t *testing.T) {
	out, code := command(t, "verify", "--repeat", "1")
	if code != verdict.ExitUsage || !strings.Contains(out, "at least 2") {
		t.Errorf("exit %d: %s", code, out)
	}
}
