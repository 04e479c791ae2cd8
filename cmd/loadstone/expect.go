// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/loadstone-bpf/loadstone/suites/catalogue"
	"github.com/loadstone-bpf/loadstone/verdict"
	"github.com/loadstone-bpf/loadstone/vmtest/wholefile"
)

func newExpectCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "expect",
		Short:   "Keep lists of known failures true",
		Long:    `expect keeps the files that 'loadstone run --expect' reads as runs say that they should be. docs/expectations.md has their format.`,
		Example: `  loadstone expect update out --file known/libbpf.yaml`,
	}
	cmd.AddCommand(newExpectUpdateCommand())
	return cmd
}

func newExpectUpdateCommand() *cobra.Command {
	var file string
	var dry bool
	cmd := &cobra.Command{
		Use:   "update RUN…",
		Short: "Rewrite a file of known failures as runs say that it should be",
		Long: `update rewrites a file of known failures: entries that hold no more are taken out, each gets the class of failure that was seen, and each failure
that is not listed gets an entry. The rest of the file, its comments too, stays as it is. docs/expectations.md has the format.

It never makes up a reason: a new entry has an empty issue, and so has one whose failure is another than before. 'loadstone run' refuses the file
until somebody has written them.

RUN is a run.jsonl or its folder, with ,loader=L and ,kernel=K behind it for a part. Each has to be of every spec: what was left out is not known to
be mended. Entries about loaders that the runs did not ask stay.

Exit codes: 0 the file is as the runs say; 1 entries need an issue, or are left to you; 2 wrong usage, such as a run with --spec.`,
		Example: `  loadstone expect update out --file known/libbpf.yaml
  loadstone expect update out,loader=libbpf nightly/run.jsonl,loader=libbpf --file known/libbpf.yaml
  loadstone expect update out --file known/libbpf.yaml --dry-run`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if file == "" {
				return usageError{errors.New("--file FILE: which list of known failures?")}
			}
			return amend(cmd, file, args, dry)
		},
	}
	cmd.Flags().StringVar(&file, "file", "", "rewrite `FILE`; it is made where it is not there")
	cmd.Flags().BoolVar(&dry, "dry-run", false, "say what would change, and change nothing")
	return cmd
}

// amend rewrites a file of known failures.
func amend(cmd *cobra.Command, file string, names []string, dry bool) error {
	var runs []*verdict.File
	for _, name := range names {
		f, err := readSide(name)
		if err != nil {
			return err
		}
		runs = append(runs, f)
	}
	committed, err := catalogue.Committed()
	if err != nil {
		return err
	}
	data, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	a, err := verdict.Amend(file, data, runs, committed.Specs)
	if errors.Is(err, verdict.ErrFiltered) {
		return usageError{err}
	}
	if err != nil {
		return err
	}
	out := cmd.OutOrStdout()
	for _, text := range a.Changed {
		fmt.Fprintf(out, "changed  %s\n", text)
	}
	for _, text := range a.Left {
		fmt.Fprintf(out, "left     %s\n", text)
	}
	same := bytes.Equal(data, a.Text)
	if same {
		fmt.Fprintf(out, "%s is as the runs say\n", file)
	}
	if !same && !dry {
		if err := wholefile.Write(file, a.Text, 0o644); err != nil {
			return err
		}
	}
	if _, err := verdict.ParseExpectations(a.Text); err != nil || len(a.Left) > 0 {
		return quietError{verdict.ExitFailed}
	}
	return nil
}
