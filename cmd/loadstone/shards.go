// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/loadstone-bpf/loadstone/run"
	"github.com/loadstone-bpf/loadstone/verdict"
	"github.com/loadstone-bpf/loadstone/vmtest/wholefile"
)

// A shardFile says what one machine is to run of a plan.
type shardFile struct {
	Format int `json:"format"`
	verdict.Shard
	IDs []string `json:"ids"`
}

func newPlanCommand() *cobra.Command {
	var o struct {
		suites, specs []string
		shards        int
		durations     string
		out, format   string
	}
	cmd := &cobra.Command{
		Use:   "plan --shards N [-- FLAGS OF RUN]",
		Short: "Cut a run into parts for several machines",
		Long: `plan cuts specs into N lists that take about as long, writes each to a file DIR/shard-I.json, and prints what an engine needs to run them:
the files, the matrix of a job on GitHub, or the script of a Slurm array job. Each machine runs its list with 'loadstone run --shard FILE', on the kernels and with
the loaders that its command names, the same on all; 'loadstone merge' makes one run of them.

Durations come from a run before; without one, all specs count alike. docs/kernel-ci.md has examples.`,
		Example: `  loadstone plan --shards 8 --durations last-release/run.jsonl --out shards
  loadstone plan --shards 8 --out shards --format github
  loadstone plan --shards 8 --out shards --format slurm -- --kernel 6.12 --loader all > job.sh`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.shards < 1 {
				return usageError{fmt.Errorf("--shards %d: want at least 1", o.shards)}
			}
			if !slices.Contains(shardFormats, o.format) {
				return usageError{fmt.Errorf("--format %q: there are %s", o.format, strings.Join(shardFormats, ", "))}
			}
			all, _, err := readCatalogue(cmd.Context())
			if err != nil {
				return err
			}
			chosen, err := selectSpecs(all, o.suites, o.specs)
			if err != nil {
				return err
			}
			took, err := durationsOf(o.durations)
			if err != nil {
				return err
			}
			files, err := writeShards(o.out, chosen, took, o.shards)
			if err != nil {
				return err
			}
			return printShards(cmd, o.format, o.out, files, args)
		},
	}
	flags := cmd.Flags()
	flags.IntVar(&o.shards, "shards", 0, "cut into `N` parts")
	flags.StringArrayVar(&o.suites, "suite", nil, "plan suite `S` only; may be repeated")
	flags.StringArrayVar(&o.specs, "spec", nil, "plan spec `ID` only; may be repeated, and end in *")
	flags.StringVar(&o.durations, "durations", "", "take how long specs take from `RUN`, a run.jsonl or its folder")
	flags.StringVar(&o.out, "out", "shards", "write the lists to `DIR`")
	flags.StringVar(&o.format, "format", shardFormats[0], fmt.Sprintf("print for `%s`", strings.Join(shardFormats, "|")))
	registerCompletion(cmd, "suite", completeSuites)
	registerCompletion(cmd, "spec", completeSpecs)
	registerCompletion(cmd, "format", words(shardFormats...))
	return cmd
}

var shardFormats = []string{"files", "github", "slurm"}

// durationsOf returns how long each spec of a run took in all its cells; nil for no run.
func durationsOf(name string) (map[string]time.Duration, error) {
	if name == "" {
		return nil, nil
	}
	f, err := readSide(name)
	if err != nil {
		return nil, err
	}
	took := make(map[string]time.Duration)
	for _, v := range f.Verdicts {
		took[v.Spec] += time.Duration(v.DurationMS) * time.Millisecond
	}
	return took, nil
}

// writeShards writes the lists and returns their paths.
func writeShards(dir string, specs run.Catalogue, took map[string]time.Duration, n int) ([]string, error) {
	var ids []string
	for _, s := range specs {
		ids = append(ids, s.ID)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, usageError{err}
	}
	old, err := filepath.Glob(filepath.Join(dir, "shard-*.json"))
	if err != nil {
		return nil, err
	}
	if len(old) > 0 {
		return nil, usageError{fmt.Errorf("%s holds the lists of another plan, such as %s", dir, old[0])}
	}
	lists := run.Shards(ids, took, n)
	var files []string
	for i, list := range lists {
		text, err := json.MarshalIndent(shardFile{1, verdict.Shard{
			Plan: verdict.CatalogueOf(ids).Digest, Number: i + 1, Of: len(lists), Specs: len(ids),
		}, list}, "", " ")
		if err != nil {
			return nil, err
		}
		file := filepath.Join(dir, fmt.Sprintf("shard-%d.json", i+1))
		if err := wholefile.Write(file, append(text, '\n'), 0o644); err != nil {
			return nil, err
		}
		files = append(files, file)
	}
	return files, nil
}

// printShards prints what an engine needs to run the lists.
func printShards(cmd *cobra.Command, format, dir string, files, flags []string) error {
	out := cmd.OutOrStdout()
	switch format {
	case "github":
		type job struct {
			Shard int    `json:"shard"`
			File  string `json:"file"`
		}
		var jobs []job
		for i, file := range files {
			jobs = append(jobs, job{i + 1, file})
		}
		return json.NewEncoder(out).Encode(map[string]any{"include": jobs})
	case "slurm":
		for _, flag := range flags {
			if strings.ContainsAny(flag, "\n\x00") {
				return usageError{fmt.Errorf("%q: no flag for a script", flag)}
			}
		}
		_, err := fmt.Fprintf(out, slurmScript, len(files), verdict.CommandLine([]string{dir}), verdict.CommandLine(flags))
		return err
	}
	for _, file := range files {
		fmt.Fprintln(out, file)
	}
	return nil
}

// slurmScript is the script of an array job. A task whose worker died is queued again by Slurm, and
// goes on with its run.
const slurmScript = `#!/bin/sh
#SBATCH --job-name=loadstone
#SBATCH --array=1-%d
#SBATCH --requeue
set -eu
shards=%s
out=$shards/run-$SLURM_ARRAY_TASK_ID
if [ -e "$out/run.jsonl" ]; then
	code=0; loadstone run --resume "$out" || code=$?
else
	code=0; loadstone run --shard "$shards/shard-$SLURM_ARRAY_TASK_ID.json" --out "$out" %s || code=$?
fi
# 1 is a verdict, and a task that is done; loadstone merge says it for all.
[ "$code" -le 1 ]
`

// readShard reads the list of one machine, and holds it against the catalogue.
func readShard(path string, all run.Catalogue) (run.Catalogue, *verdict.Shard, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, nil, usageError{fmt.Errorf("--shard: %w", err)}
	}
	var f shardFile
	if err := json.Unmarshal(data, &f); err != nil || f.Format != 1 || len(f.IDs) == 0 || f.Number < 1 || f.Number > f.Of {
		return nil, nil, usageError{errors.Join(fmt.Errorf("--shard %s: no list of 'loadstone plan'", path), err)}
	}
	var chosen run.Catalogue
	for _, s := range all {
		if slices.Contains(f.IDs, s.ID) {
			chosen = append(chosen, s)
		}
	}
	if len(chosen) != len(f.IDs) {
		return nil, nil, usageError{fmt.Errorf("--shard %s: %d of its %d specs are there: plan again with this loadstone",
			path, len(chosen), len(f.IDs))}
	}
	return chosen, &f.Shard, nil
}

func newMergeCommand() *cobra.Command {
	var dir string
	var overwrite bool
	cmd := &cobra.Command{
		Use:   "merge RUN…",
		Short: "Make one run of the runs of all shards",
		Long: `merge makes one run.jsonl, with its reports, of the runs of all shards of a plan. It refuses runs that did not come to their end, shards that overlap or
leave a gap, and runs of other suites, kernels or loaders.

Exit codes: those of the run that it makes; 2 where there is none.`,
		Example: `  loadstone merge shards/run-1 shards/run-2 shards/run-3 --out merged`,
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			var files []*verdict.File
			for _, name := range args {
				f, err := readSide(name)
				if err != nil {
					return err
				}
				files = append(files, f)
			}
			merged, err := verdict.Merge(files)
			if err != nil {
				return usageError{fmt.Errorf("merge: %w", err)}
			}
			lock, err := runOptions{out: dir, overwrite: overwrite}.takeFolder()
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, lock.Remove()) }()
			path := filepath.Join(dir, runFile)
			if err := verdict.Merged(path, merged.Run, merged.Verdicts, *merged.End); err != nil {
				return err
			}
			return makeReports(cmd, path, dir, everyFormat())
		},
	}
	cmd.Flags().StringVar(&dir, "out", "merged", "write the run to `DIR`")
	cmd.Flags().BoolVar(&overwrite, "overwrite", false, "write it in the place of another run")
	return cmd
}
