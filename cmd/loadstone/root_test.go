// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/loadstone-bpf/loadstone/verdict"
	"github.com/loadstone-bpf/loadstone/vmtest/kernel"
	"github.com/loadstone-bpf/loadstone/vmtest/machine"
)

// What the user got wrong ends with 2, and says what to do, before anything takes time.
func TestWrongUsageEndsWith2(t *testing.T) {
	for _, tt := range []struct{ args, says string }{
		{"frobnicate", `unknown command "frobnicate"`},
		{"kernels frobnicate", `unknown command "frobnicate" for "loadstone kernels"`},
		{"run extra", "see 'loadstone run --help'"},
		{"run --nope", "unknown flag: --nope"},
		{"run --jobs many", "invalid argument"},
		{"run --jobs 0", "want at least 1"},
		{"run --isolation host", "want auto, spec, suite or cell"},
		{"report", "accepts 1 arg"},
		{"report /nonexistent/run.jsonl", "no such file"},
		{"loaders check nothing", "unknown loader"},
	} {
		t.Run(tt.args, func(t *testing.T) {
			root := newRootCommand()
			root.SetArgs(strings.Fields(tt.args))
			root.SetOut(new(bytes.Buffer))
			root.SetErr(new(bytes.Buffer))
			err := root.ExecuteContext(t.Context())
			if code := exitCode(err); code != verdict.ExitUsage {
				t.Errorf("exit code %d (%v), want %d", code, err, verdict.ExitUsage)
			}
			if err == nil || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("error %v, want %q in it", err, tt.says)
			}
		})
	}
}

func TestExitCode(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want int
	}{
		{nil, verdict.ExitClean},
		{quietError{verdict.ExitFailed}, verdict.ExitFailed},
		{usageError{fmt.Errorf("no")}, verdict.ExitUsage},
		{fmt.Errorf("kernel 4.4: %w", kernel.ErrUsage), verdict.ExitUsage},
		{fmt.Errorf("accelerator: %w", machine.ErrConfig), verdict.ExitUsage},
		{fmt.Errorf("accelerator: %w", machine.ErrNoKVM), verdict.ExitHarness},
		{fmt.Errorf("disk full"), verdict.ExitHarness},
	} {
		if got := exitCode(tt.err); got != tt.want {
			t.Errorf("%v: exit code %d, want %d", tt.err, got, tt.want)
		}
	}
}

// --help shows how the command is used.
func TestEveryCommandHasAnExample(t *testing.T) {
	var walk func(*cobra.Command)
	walk = func(cmd *cobra.Command) {
		if cmd.Example == "" || cmd.Short == "" {
			t.Errorf("%s: no example, or nothing said of it", cmd.CommandPath())
		}
		for _, line := range strings.Split(cmd.Example, "\n") {
			if !strings.Contains(line, "loadstone") {
				t.Errorf("%s: example %q does not start it", cmd.CommandPath(), line)
			}
		}
		for _, sub := range cmd.Commands() {
			walk(sub)
		}
	}
	walk(newRootCommand())
}
