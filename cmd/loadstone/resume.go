// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/loadstone-bpf/loadstone/run"
	"github.com/loadstone-bpf/loadstone/verdict"
)

// resumeRun goes on with the run of a folder, as its command said.
func (o runOptions) resumeRun(cmd *cobra.Command) (err error) {
	if err := onlyResume(cmd); err != nil {
		return err
	}
	dir, err := filepath.Abs(o.resume)
	if err != nil {
		return err
	}
	path := filepath.Join(dir, runFile)
	if _, err := os.Stat(path); err != nil {
		return usageError{fmt.Errorf("--resume %s: no run to go on with: %w", o.resume, err)}
	}
	lock, err := lockFolder(dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Remove()) }()
	before, err := verdict.ReadFile(path)
	switch {
	case before == nil:
		return usageError{fmt.Errorf("--resume: %w", err)}
	case err == nil:
		fmt.Fprintf(cmd.ErrOrStderr(), "loadstone: the run in %s came to its end: these are its reports\n", o.resume)
		return makeReports(cmd, path, dir, everyFormat())
	}
	first, err := recorded(before.Run.Command)
	if err != nil {
		return usageError{fmt.Errorf("--resume %s: the command of the run is not understood: %w", o.resume, err)}
	}
	if before.Run.Dir != "" {
		if err := os.Chdir(before.Run.Dir); err != nil {
			return usageError{fmt.Errorf("--resume %s: the run was started in a folder that is gone: %w", o.resume, err)}
		}
	}
	first.out, first.seed, first.before = dir, before.Run.Seed, before
	if cmd.Flags().Changed("jobs") {
		first.jobs = o.jobs
	}
	return first.start(cmd)
}

// onlyResume returns a usage error for flags that a run to go on with has from its first command.
func onlyResume(cmd *cobra.Command) error {
	var err error
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if f.Name != "resume" && f.Name != "jobs" {
			err = usageError{fmt.Errorf("--%s does not go with --resume: the run goes on as its first command said", f.Name)}
		}
	})
	return err
}

// recorded returns the options of a command that a run file has.
func recorded(command []string) (runOptions, error) {
	root := &cobra.Command{Use: "loadstone"}
	o := runOptions{cache: new(cacheOptions)}
	addCacheFlags(root, o.cache)
	root.AddCommand(runCommand(&o))
	if len(command) == 0 {
		return o, errors.New("it is empty")
	}
	cmd, rest, err := root.Find(command[1:])
	if err != nil || cmd == root {
		return o, errors.Join(err, errors.New("it is no run"))
	}
	return o, cmd.ParseFlags(rest)
}

// goOn sets what a plan need not do any more, and opens the run file that it goes on with. A plan
// other than that of the run is an error that wraps [verdict.ErrOtherRun].
func goOn(plan *run.Plan, about verdict.Run, path string) (*verdict.Writer, *verdict.File, error) {
	before, err := verdict.ReadFile(path)
	if before == nil {
		return nil, nil, err
	}
	if err := before.Run.Same(about); err != nil {
		return nil, nil, usageError{fmt.Errorf("--resume: the run cannot go on: %w", err)}
	}
	writer, before, err := verdict.Resume(path)
	if err != nil {
		return nil, nil, err
	}
	plan.ID = before.Run.ID
	if plan.Done == nil {
		plan.Done = make(map[run.Place]bool)
	}
	for _, v := range before.Verdicts {
		plan.Done[run.PlaceOf(v)] = true
	}
	for _, note := range before.Notes() {
		writer.Note(note)
	}
	return writer, before, nil
}
