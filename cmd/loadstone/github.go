// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/loadstone-bpf/loadstone/report"
	"github.com/loadstone-bpf/loadstone/verdict"
)

// tellGitHub appends the run's summary to what a job on GitHub shows, and annotates the job, where
// this is one.
func tellGitHub(cmd *cobra.Command, run *verdict.File, dir string) error {
	if os.Getenv("GITHUB_STEP_SUMMARY") != "" {
		text, err := os.ReadFile(filepath.Join(dir, report.Markdown.Name()))
		if err != nil {
			return err
		}
		if err := appendSummary(text); err != nil {
			return err
		}
	}
	if os.Getenv("GITHUB_ACTIONS") == "true" {
		return report.Annotations(cmd.OutOrStdout(), run)
	}
	return nil
}
