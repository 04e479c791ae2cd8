// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/loadstone-bpf/loadstone/report"
	"github.com/loadstone-bpf/loadstone/verdict"
)

func newVerifyCommand(cache *cacheOptions) *cobra.Command {
	var asJSON bool
	o := &runOptions{cache: cache}
	repeat := 10
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Run specs several times, and list those that do not always end the same",
		Long: `Carry out the same run several times, each with specs in another order, and list the specs that did not end the same each time, with
how often they ended how and in which runs. A spec that ended otherwise in a guest that others had used is listed too, though its verdict be the same.

DIR holds a folder for each run, 1, 2, …, with all that 'loadstone run' writes. Verdicts are worth as much as they are stable: do this for a new spec or driver, and with
the machine busy.

Exit codes: 0 every spec ended the same in every run, whatever its verdict; 1 some did not; 2 wrong usage; 3 a run could not be carried out.`,
		Example: `  loadstone verify --kernel 6.12 --suite pinning
  loadstone verify --repeat 50 --kernel 7.3 --loader libbpf --spec pinning.reuse.as-set
  loadstone verify --loader ./my-loader.yaml --kernel 6.12 --json`,
		Args: cobra.NoArgs,
	}
	o.addFlags(cmd)
	flags := cmd.Flags()
	flags.IntVar(&repeat, "repeat", repeat, "run `N` times, at least twice")
	flags.BoolVar(&asJSON, "json", false,
		"print one JSON document, with every verdict on what is not stable")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if repeat < 2 {
			return usageError{fmt.Errorf("--repeat %d: want at least 2", repeat)}
		}
		out := cmd.OutOrStdout()
		cmd.SetOut(cmd.ErrOrStderr()) // what single runs report is on the way to the answer
		runs, err := o.repeat(cmd, repeat)
		cmd.SetOut(out)
		if err != nil {
			return err
		}
		s := verdict.Repeated(runs)
		if asJSON {
			err = writeJSON(out, s)
		} else {
			err = report.Repeated(out, s, screenOf(cmd))
		}
		if err := errors.Join(err, appendSummary(report.RepeatedMarkdown(s))); err != nil {
			return err
		}
		if !s.Stable() {
			return quietError{verdict.ExitFailed}
		}
		return nil
	}
	return cmd
}

// repeat carries out the run n times, and returns the runs. It ends with the first that could not
// be carried out to its end.
func (o *runOptions) repeat(cmd *cobra.Command, n int) ([]*verdict.File, error) {
	dir, seed := o.outDir(), o.seed
	kernels, loaders := slices.Clone(o.kernels), slices.Clone(o.loaders)
	var runs []*verdict.File
	for i := range n {
		fmt.Fprintf(cmd.ErrOrStderr(), "run %d of %d\n", i+1, n)
		one := *o
		one.out = filepath.Join(dir, fmt.Sprint(i+1))
		one.kernels, one.loaders = slices.Clone(kernels), slices.Clone(loaders)
		if seed != 0 {
			one.seed = seed + uint64(i)
		}
		if err := one.start(cmd); !judged(err) {
			return nil, err
		}
		f, err := verdict.ReadFile(filepath.Join(one.out, runFile))
		if err != nil {
			return nil, err
		}
		runs = append(runs, f)
	}
	return runs, nil
}
