// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

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
		{"report", "requires at least 1 arg"},
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

// eachCommand calls do for a command and all below it.
func eachCommand(cmd *cobra.Command, do func(*cobra.Command)) {
	do(cmd)
	for _, sub := range cmd.Commands() {
		eachCommand(sub, do)
	}
}

// placeholder matches what --help shows in place of a flag's value: a name for it in capitals, or
// all the words that it can be. One of several words reads as if it were the only one.
var placeholder = regexp.MustCompile(`^([A-Z]+|[a-z]+(\|[a-z]+)+)$`)

func TestHelpShowsWhatAFlagTakes(t *testing.T) {
	flags := 0
	eachCommand(newRootCommand(), func(cmd *cobra.Command) {
		cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if f.Value.Type() == "bool" {
				return
			}
			flags++
			if shown, _ := pflag.UnquoteUsage(f); !placeholder.MatchString(shown) {
				t.Errorf("%s --%s %s: want a placeholder such as DIR or auto|kvm|tcg",
					cmd.CommandPath(), f.Name, shown)
			}
		})
	})
	if flags < 15 {
		t.Errorf("%d flags were looked at", flags)
	}
}

func TestVersionSaysWhatThisIs(t *testing.T) {
	for _, args := range []string{"version", "version --json"} {
		var out bytes.Buffer
		root := newRootCommand()
		root.SetArgs(strings.Fields(args))
		root.SetOut(&out)
		if err := root.ExecuteContext(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{build().Version, "protocol", runtime.Version(), "linux/"} {
			if !strings.Contains(out.String(), want) {
				t.Errorf("%s: no %q in %q", args, want, out.String())
			}
		}
	}
}

// --help shows how the command is used.
func TestEveryCommandHasAnExample(t *testing.T) {
	eachCommand(newRootCommand(), func(cmd *cobra.Command) {
		if cmd.Example == "" || cmd.Short == "" {
			t.Errorf("%s: no example, or nothing said of it", cmd.CommandPath())
		}
		for _, line := range strings.Split(cmd.Example, "\n") {
			if !strings.Contains(line, "loadstone") {
				t.Errorf("%s: example %q does not start it", cmd.CommandPath(), line)
			}
		}
	})
}
