// SPDX-License-Identifier: Apache-2.0

package main

import (
	"github.com/spf13/cobra"

	"github.com/loadstone-bpf/loadstone/verdict"
)

// claimsFolder names the folder of claims, where none is named.
const claimsFolder = "reports"

// Endings of the files of a claim.
const (
	claimEnding = ".json"
	badgeEnding = ".svg"
)

func newClaimCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "claim",
		Short: "Say what a loader does, in a file that anybody can check",
		Long: `A claim is a file that says what one version of a loader does: with which kernels and which loadstone it was asked every spec, how many requirements
it meets, by profile, which it does not meet, and a digest of the verdicts that all this rests on. docs/claims.md has more.`,
		Example: `  loadstone claim make out/run.jsonl
  loadstone claim verify reports/libbpf-1.7.json out/run.jsonl`,
	}
	cmd.AddCommand(newClaimMakeCommand(), newClaimVerifyCommand())
	return cmd
}

// readSides reads runs, or parts of them, as a user names them. A folder stands for its run.
func readSides(names []string) ([]*verdict.File, error) {
	var files []*verdict.File
	for _, name := range names {
		f, err := readSide(name)
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	return files, nil
}
