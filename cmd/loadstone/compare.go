// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/loadstone-bpf/loadstone/report"
	"github.com/loadstone-bpf/loadstone/suites/catalogue"
	"github.com/loadstone-bpf/loadstone/verdict"
)

func newCompareCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "compare OLD NEW",
		Short: "Say what got worse, and what better, between two runs or two cells of one",
		Long: `Hold a run against one before it, and say what changed: regressions, what was known and is not any more (skipped, no longer claimed, missing, gone),
new failures, fixes.

OLD and NEW each name a run by its run.jsonl or its folder, with ,loader=L and ,kernel=K behind it to take a part: loader=libbpf, loader=libbpf@1.1, kernel=6.12.
Cells of the same loader, version and kernel are compared. Where both sides have one version of a loader, or one kernel, these may differ: they are what is compared then.
Specs that were renamed meanwhile are found by the catalogue.

Exit codes: 0 nothing is worse; 1 something is; 2 wrong usage, such as two runs without a cell in common; 3 a file cannot be read.`,
		Example: `  loadstone compare last-release/run.jsonl out/run.jsonl
  loadstone compare out,kernel=6.12 out,kernel=mine
  loadstone compare out,loader=libbpf@1.1 out,loader=libbpf@1.7 --json`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			old, err := readSide(args[0])
			if err != nil {
				return err
			}
			is, err := readSide(args[1])
			if err != nil {
				return err
			}
			return compare(cmd, old, is, asJSON)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON document, with both verdicts of each change")
	return cmd
}

// compare shows how a run differs from one before it, and ends with 1 where anything is worse.
func compare(cmd *cobra.Command, old, is *verdict.File, asJSON bool) error {
	committed, err := catalogue.Committed()
	if err != nil {
		return err
	}
	c, err := verdict.Compare(old, is, committed.Now)
	if err != nil {
		return usageError{err}
	}
	if asJSON {
		err = writeJSON(cmd.OutOrStdout(), c)
	} else {
		err = report.Compared(cmd.OutOrStdout(), c, screenOf(cmd))
	}
	if err != nil {
		return err
	}
	if err := appendSummary(report.ComparedMarkdown(c)); err != nil {
		return err
	}
	if c.Worse() {
		return quietError{verdict.ExitFailed}
	}
	return nil
}

// appendSummary appends Markdown to what a job on GitHub shows, where there is one.
func appendSummary(text []byte) error {
	path := os.Getenv("GITHUB_STEP_SUMMARY")
	if path == "" {
		return nil
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("summary of the job: %w", err)
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Close())
}

// runFileOf returns the path of the run file that a path or a folder is of.
func runFileOf(name string) string {
	if info, err := os.Stat(name); err != nil || !info.IsDir() {
		return name
	}
	path := filepath.Join(name, runFile)
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		return filepath.Join(name, checkFile)
	}
	return path
}

// readSide reads a run, or a part of one, as a user names it.
func readSide(name string) (*verdict.File, error) {
	words := strings.Split(name, ",")
	path := runFileOf(words[0])
	loader, kernel := "", ""
	for _, word := range words[1:] {
		key, value, _ := strings.Cut(word, "=")
		switch {
		case value == "":
			return nil, usageError{fmt.Errorf("%s: want loader=L or kernel=K behind the comma, not %q", name, word)}
		case key == "loader":
			loader = value
		case key == "kernel":
			kernel = value
		default:
			return nil, usageError{fmt.Errorf("%s: a part is named by loader= or kernel=, not %s=", name, key)}
		}
	}
	f, err := verdict.ReadFile(path)
	if f == nil {
		if errors.Is(err, os.ErrNotExist) || errors.Is(err, verdict.ErrNotRun) {
			return nil, usageError{err}
		}
		return nil, err
	}
	part := f.Select(func(c verdict.Cell) bool {
		return (loader == "" || loader == c.Loader || loader == c.LoaderName()) &&
			(kernel == "" || kernel == c.KernelWord() || kernel == c.Kernel || kernel == c.KernelRelease)
	})
	if len(part.Verdicts) == 0 {
		return nil, usageError{fmt.Errorf("%s: no verdict in the run is of that part", name)}
	}
	return part, nil
}
