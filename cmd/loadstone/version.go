// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/loadstone-bpf/loadstone/loader"
)

// A shownVersion holds what loadstone version prints.
type shownVersion struct {
	Version  string `json:"version"`
	Commit   string `json:"commit,omitempty"`
	Protocol int    `json:"protocol"` // newest version of the loader protocol
	Go       string `json:"go"`       // the Go release that it was built with
	Platform string `json:"platform"` // "linux/amd64"
}

func newVersionCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Print what this program is, for a report of a bug",
		Example: `  loadstone version
  loadstone version --json | jq -r .protocol`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			b := build()
			shown := shownVersion{
				Version: b.Version, Commit: b.Commit, Protocol: loader.Version,
				Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH,
			}
			if asJSON {
				return writeJSON(cmd.OutOrStdout(), shown)
			}
			_, err := fmt.Fprintf(cmd.OutOrStdout(),
				"loadstone %s, loader protocol %d, built with %s for %s\n",
				buildVersion(), shown.Protocol, shown.Go, shown.Platform)
			return err
		},
	}
	addJSONFlag(cmd, &asJSON)
	return cmd
}
