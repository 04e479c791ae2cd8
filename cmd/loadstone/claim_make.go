// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/loadstone-bpf/loadstone/report"
	"github.com/loadstone-bpf/loadstone/verdict"
	"github.com/loadstone-bpf/loadstone/vmtest/wholefile"
)

func newClaimMakeCommand() *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use:   "make RUN…",
		Short: "Write the claim of each loader of a run, and its badge",
		Long: `make writes two files for each version of each loader that runs have verdicts on: DIR/LOADER-VERSION.json, the claim, and
DIR/LOADER-VERSION.svg, its badge. The same runs give the same bytes.

RUN is a run.jsonl or its folder, with ,loader=L and ,kernel=K behind it for a part. Several runs of one loadstone make one claim, such as a run for each kernel.

A claim is of every spec. No claim is made of a run with --suite or --spec, of one that did not come to its end, of one shard (see 'loadstone merge'), of runs
by several loadstones, and where verdicts are broken or missing. A kernel that died is a verdict: the claim shows it.

Exit codes: 0 the files are written; 2 there is no claim of these runs, or wrong usage; 3 a file cannot be read or written. With other than 0, nothing is written.`,
		Example: `  loadstone run --loader all --expect known/
  loadstone claim make out/run.jsonl
  loadstone claim make out,loader=libbpf nightly/run.jsonl,loader=libbpf --out reports`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			files, err := readSides(args)
			if err != nil {
				return err
			}
			texts, order, err := claimFiles(dir, files)
			if err != nil {
				return err
			}
			if err := os.MkdirAll(dir, 0o755); err != nil {
				return fmt.Errorf("--out: %w", err)
			}
			for _, path := range order {
				if err := wholefile.Write(path, texts[path], 0o644); err != nil {
					return err
				}
				fmt.Fprintln(cmd.OutOrStdout(), path)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&dir, "out", claimsFolder, "write the claims to `DIR`")
	return cmd
}

// claimFiles returns the files of the claims that runs make, by path, and their order.
func claimFiles(dir string, files []*verdict.File) (map[string][]byte, []string, error) {
	texts := make(map[string][]byte)
	var order []string
	for _, of := range verdict.LoaderVersions(files...) {
		claim, err := verdict.MakeClaim(of, files...)
		if err != nil {
			return nil, nil, err
		}
		name, err := claim.FileName()
		if err != nil {
			return nil, nil, err
		}
		text, err := claim.Text()
		if err != nil {
			return nil, nil, err
		}
		path := filepath.Join(dir, name)
		if texts[path+claimEnding] != nil {
			return nil, nil, &verdict.NoClaimError{Err: fmt.Errorf("%w %s: another has the file %s: name one with ,loader= behind RUN",
				verdict.ErrClaimName, claim.LoaderName(), name+claimEnding)}
		}
		texts[path+claimEnding], texts[path+badgeEnding] = text, report.Badge(claim)
		order = append(order, path+claimEnding, path+badgeEnding)
	}
	return texts, order, nil
}
