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
	"github.com/loadstone-bpf/loadstone/verdict"
)

// A checkedClaim says how the claim in a file was held against runs.
type checkedClaim struct {
	File    string `json:"file"`
	Loader  string `json:"loader"`
	Version string `json:"version"`
	Holds   bool   `json:"holds"`
	verdict.ClaimCheck
}

// checkedClaims holds what 'loadstone claim verify' prints.
type checkedClaims struct {
	Claims []checkedClaim `json:"claims"`
	// loaders of the runs of which no claim was found, where claims were looked up
	Without []string `json:"without,omitempty"`
}

func (c checkedClaims) hold() bool {
	for _, claim := range c.Claims {
		if !claim.Holds {
			return false
		}
	}
	return true
}

func newClaimVerifyCommand() *cobra.Command {
	var dir string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "verify [CLAIM.json…] RUN…",
		Short: "Hold claims against runs, and name each difference",
		Long: `verify makes the claim of a loader again from runs, and compares: each number, each kernel, each spec that is not met, and the digest of all verdicts.

A word that ends in .json is a claim; any other is a run: a run.jsonl or its folder, with ,loader=L and ,kernel=K behind it for a part. Without a claim, those of the
runs' loaders are looked up in the folder reports beside the first run, or else in reports here; --claims names another.

The runs are those that the claim was made from, or the same made again by somebody else: same loadstone, loader, kernels, --isolation and --expect. Where a run is one
that the claim was made from, by its id, each byte of its verdicts counts; else what they say.

Exit codes: 0 every claim holds; 1 one does not; 2 wrong usage, such as no claim of the loader; 3 a claim or run cannot be read.`,
		Example: `  loadstone claim verify reports/libbpf-1.7.json out/run.jsonl
  loadstone claim verify out/run.jsonl                  # the claims of all its loaders
  loadstone claim verify out --claims downloads --json`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return verifyClaims(cmd, args, dir, asJSON)
		},
	}
	cmd.Flags().StringVar(&dir, "claims", "", "look claims up in `DIR`")
	addJSONFlag(cmd, &asJSON)
	return cmd
}

// verifyClaims holds claims against runs, and ends with 1 where one does not hold.
func verifyClaims(cmd *cobra.Command, args []string, dir string, asJSON bool) error {
	var paths, runs []string
	for _, arg := range args {
		if strings.HasSuffix(arg, claimEnding) {
			paths = append(paths, arg)
		} else {
			runs = append(runs, arg)
		}
	}
	switch {
	case len(runs) == 0:
		return usageError{errors.New("no run is named: which run.jsonl does the claim rest on?")}
	case len(paths) > 0 && dir != "":
		return usageError{errors.New("--claims looks claims up, and one is named: leave one of them out")}
	}
	files, err := readSides(runs)
	if err != nil {
		return err
	}
	var checked checkedClaims
	if len(paths) == 0 {
		if paths, checked.Without, err = lookUpClaims(dir, runs[0], files); err != nil {
			return err
		}
	}
	for _, path := range paths {
		claim, err := verdict.ReadClaim(path)
		if errors.Is(err, os.ErrNotExist) {
			return usageError{err}
		}
		if err != nil {
			return err
		}
		check, err := claim.Check(files...)
		if err != nil {
			return err
		}
		checked.Claims = append(checked.Claims, checkedClaim{path, claim.Loader, claim.Version, check.Holds(), check})
	}
	if asJSON {
		err = writeJSON(cmd.OutOrStdout(), checked)
	} else {
		err = printClaims(cmd, checked)
	}
	if err == nil && !checked.hold() {
		return quietError{verdict.ExitFailed}
	}
	return err
}

// lookUpClaims returns the claims of the runs' loaders in a folder, and the loaders without one.
func lookUpClaims(dir, run string, files []*verdict.File) (paths, without []string, err error) {
	if dir == "" {
		path, _, _ := strings.Cut(run, ",")
		if !isFolder(path) {
			path = filepath.Dir(path)
		}
		if dir = filepath.Join(path, claimsFolder); !isFolder(dir) {
			dir = claimsFolder
		}
	}
	for _, of := range verdict.LoaderVersions(files...) {
		name, err := (&verdict.Claim{Loader: of.Loader, Version: of.Version}).FileName()
		if err != nil {
			return nil, nil, err
		}
		path := filepath.Join(dir, name+claimEnding)
		_, err = os.Stat(path)
		switch {
		case errors.Is(err, os.ErrNotExist):
			without = append(without, path)
		case err != nil:
			return nil, nil, err
		default:
			paths = append(paths, path)
		}
	}
	if len(paths) == 0 {
		return nil, nil, usageError{fmt.Errorf("no claim is in %s of what the runs are of, such as %s: name one, or its folder with --claims",
			dir, filepath.Base(without[0]))}
	}
	return paths, without, nil
}

// printClaims says for people which claims hold, and where others do not.
func printClaims(cmd *cobra.Command, checked checkedClaims) error {
	out := cmd.OutOrStdout()
	for _, c := range checked.Claims {
		if err := report.CheckedClaim(out, c.File, c.ClaimCheck, screenOf(cmd)); err != nil {
			return err
		}
	}
	for _, path := range checked.Without {
		fmt.Fprintf(out, "NO CLAIM  %s is not there\n", path)
	}
	return nil
}
