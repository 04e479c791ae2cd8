// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/loadstone-bpf/loadstone/structops"
)

// A removal says what was done to a structure, for JSON.
type removal struct {
	ID      uint32   `json:"id"`
	Map     string   `json:"map"`
	Name    string   `json:"name,omitempty"`
	Type    string   `json:"type"`
	Done    []string `json:"done"`    // the lines that are told else
	Outcome string   `json:"outcome"` // "gone", "in use", "being freed", "held", "not there", "failed"
}

func newOpsRemoveCommand() *cobra.Command {
	var wait time.Duration
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "remove NAME|ID",
		Short: "Unregister a structure, whoever loaded it, and remove its pins",
		Long: `Unregister a structure, though its loader be gone: its links are detached or,
where it has none, its map's element is deleted. Then the pins of both are
removed, in every bpffs that a path leads to. Each step is told; with --json, by
one document at the end, which says how it ended: gone, in use, being freed, held,
not there, or failed.

What uses the structure goes on using it: a connection keeps its congestion
control to its end. The kernel frees it with the last user; until then list shows
it, as TOBEFREE or not registered, and --wait waits for that end. Its name is
free for another at once.

A process that holds the map keeps the map, but nothing registered; it is named.
Before 6.11 the kernel detaches no link of a structure: only its pins are removed
then, and a process that holds it keeps the structure registered.

` + opsExits(),
		Example: `  loadstone ops remove bpf_cubic
  loadstone ops remove 41 --wait 30s
  loadstone ops remove bpf_cubic --json | jq -r .outcome`,
		Args:              oneStructure,
		ValidArgsFunction: completeOps,
		RunE: func(cmd *cobra.Command, args []string) error {
			if wait < 0 {
				return usageError{errors.New("--wait: want a duration of 0 or more, such as 30s")}
			}
			all, err := structops.Read()
			if err != nil {
				return opsOutcome(err)
			}
			found, err := structops.Find(all, args[0])
			if err != nil {
				return opsOutcome(err)
			}
			out := removal{
				ID: found.ID, Map: found.Map, Name: found.Name, Type: found.Type, Done: []string{},
			}
			err = structops.Remove(cmd.Context(), found, wait, func(line string) {
				if out.Done = append(out.Done, line); !asJSON {
					fmt.Fprintln(cmd.OutOrStdout(), line)
				}
			})
			if asJSON {
				out.Outcome = opsOutcomeOf(err)
				return errors.Join(opsOutcome(err), writeJSON(cmd.OutOrStdout(), out))
			}
			if err != nil {
				return opsOutcome(err)
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%v is gone\n", &found)
			return nil
		},
	}
	addJSONFlag(cmd, &asJSON)
	cmd.Flags().DurationVar(&wait, "wait", 0, "wait for at most `DURATION` until the kernel has freed it")
	return cmd
}
