// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/loadstone-bpf/loadstone/verdict"
)

// findBaseline returns the run that --baseline names; nil where it names a kernel, which is then
// run with the others. The user's mistakes show here, before anything takes time.
func (o *runOptions) findBaseline() (*verdict.File, error) {
	if o.baseline == "" {
		return nil, nil
	}
	path, _, _ := strings.Cut(o.baseline, ",")
	info, err := os.Stat(path)
	isRun := strings.HasSuffix(path, ".jsonl") || err == nil && info.IsDir() && holdsRun(path)
	if isRun {
		// It is read now: the run may be written in its place.
		return readSide(o.baseline)
	}
	if len(o.kernels) == 0 {
		return nil, usageError{fmt.Errorf("--baseline %s is a kernel, or no run.jsonl: name the kernels to hold against it with --kernel", o.baseline)}
	}
	if slices.Contains(o.kernels, o.baseline) {
		return nil, usageError{fmt.Errorf("--baseline %s: the kernel cannot be held against itself", o.baseline)}
	}
	o.kernels = append([]string{o.baseline}, o.kernels...)
	return nil, nil
}

func holdsRun(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, runFile))
	return err == nil
}

// judged reports whether a run was carried out and reported, whatever its verdicts.
func judged(err error) bool {
	var quiet quietError
	return err == nil || errors.As(err, &quiet) && quiet.code == verdict.ExitFailed
}

// holdAgainst compares the run with its baseline, which decides how the command ends.
func (o runOptions) holdAgainst(cmd *cobra.Command, baseline *verdict.File) error {
	run, err := verdict.ReadFile(filepath.Join(o.outDir(), runFile))
	if err != nil {
		return err
	}
	// What --require asks for is no matter of what was before.
	var worse error
	if len(verdict.Wanting(o.require, run.Verdicts)) > 0 {
		worse = quietError{verdict.ExitFailed}
	}
	if baseline != nil {
		fmt.Fprintf(cmd.OutOrStdout(), "\nbeside %s:\n\n", o.baseline)
		return cmp.Or(compare(cmd, baseline, run, false), worse)
	}
	before := run.Select(func(c verdict.Cell) bool { return c.KernelWord() == o.baseline })
	for _, k := range run.Run.Kernels {
		if cmp.Or(k.Given, k.Name) == o.baseline {
			continue
		}
		fmt.Fprintf(cmd.OutOrStdout(), "\n%s beside %s:\n\n", k.Name, o.baseline)
		part := run.Select(func(c verdict.Cell) bool { return c.Kernel == k.Name })
		err := compare(cmd, before, part, false)
		var quiet quietError
		if err != nil && !errors.As(err, &quiet) {
			return err
		}
		worse = errors.Join(worse, err)
	}
	if worse != nil {
		return quietError{verdict.ExitFailed}
	}
	return nil
}
