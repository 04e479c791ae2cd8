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

func TestBisectIsForOneSpecAndOneAxis(t *testing.T) {
	for args, want := range map[string]string{
		"":                                       "--spec ID",
		"--spec pinning.*":                       "--spec ID",
		"--spec a.b --suite a":                   "--spec ID",
		"--spec a.b":                             "--kernel",
		"--spec a.b --axis arch":                 "kernel, loader",
		"--spec a.b --axis loader":               "--loader libbpf --kernel 6.12",
		"--spec a.b --from 5.10":                 "--axis",
		"--spec a.b --axis kernel --kernel 5.10": "--from and --to",
		"--spec a.b --axis loader --loader libbpf --kernel native --from 9.9": "0.3, 1.1",
		"--spec a.b --axis loader --loader libbpf --kernel native --from 1.7": "two ends",
		"--spec a.b --axis loader --loader nobody --kernel native":            "nobody",
	} {
		out, code := command(t, append([]string{"bisect"}, strings.Fields(args)...)...)
		if code != verdict.ExitUsage || !strings.Contains(out, want) {
			t.Errorf("bisect %s: exit %d, want %d and %q: %s", args, code, verdict.ExitUsage, want, out)
		}
	}
}

// Without an axis the command ends as git bisect run takes it.
func TestBisectOnce(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Fatal("specs take root to run: run make test as root")
	}
	loadstone := installed(t)
	for spec, want := range map[string]struct {
		standing verdict.Standing
		exit     int
	}{
		"metadata.bind.data-left":             {verdict.Good, 0},
		"linking.order.no-such-spec-anywhere": {"", verdict.ExitUsage},
	} {
		t.Run(spec, func(t *testing.T) {
			cmd := starting(t, loadstone, "bisect", "--spec", spec, "--kernel", "native",
				"--out", filepath.Join(t.TempDir(), "bisected"), "--json")
			printed, err := cmd.Output()
			var exit *exec.ExitError
			code := 0
			if errors.As(err, &exit) {
				code = exit.ExitCode()
			} else if err != nil {
				t.Fatal(err)
			}
			var found bisection
			if want.standing != "" {
				if err := json.Unmarshal(printed, &found); err != nil || len(found.Asked) != 1 {
					t.Fatalf("%v in %s", err, printed)
				}
			}
			if code != want.exit || want.standing != "" && found.Asked[0].Standing != want.standing {
				t.Errorf("exit %d, want %d: %s", code, want.exit, printed)
			}
		})
	}
}

// The codes are those that git-bisect(1) documents.
func TestExitForGit(t *testing.T) {
	for kind, want := range map[verdict.Kind]int{
		verdict.Pass: 0, verdict.XPass: 0, verdict.Fail: 1, verdict.Crash: 1, verdict.XFail: 1,
		verdict.Flaky: 1, verdict.Skip: 125, verdict.Refused: 125, verdict.Missing: 125, verdict.Broken: 125,
	} {
		if code := gitExit(verdict.Verdict{Kind: kind}.Standing()); code != want {
			t.Errorf("%s: exit %d, want %d", kind, code, want)
		}
	}
	if code := gitExit(answerOf("a kernel that does not boot", nil).Standing); code != 125 {
		t.Errorf("no verdict: exit %d", code)
	}
}
