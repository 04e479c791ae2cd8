// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/loadstone-bpf/loadstone/structops"
)

func newOpsRemoveCommand() *cobra.Command {
	var wait time.Duration
	cmd := &cobra.Command{
		Use:   "remove NAME|ID",
		Short: "Unregister a structure, whoever loaded it, and remove its pins",
		Long: `Unregister a structure, though its loader be gone: its links are detached or,
where it has none, its map's element is deleted. Then the pins of both are
removed, in every bpffs that a path leads to. Each step is told.

What uses the structure goes on using it: a connection keeps its congestion
control to its end. The kernel frees it with the last user; until then list shows
it, as TOBEFREE or not registered, and --wait waits for that end. Its name is
free for another at once.

A process that holds the map keeps the map, but nothing registered; it is named.
Before 6.11 the kernel detaches no link of a structure: only its pins are removed
then, and a process that holds it keeps the structure registered.

` + opsExits(),
		Example: `  loadstone ops remove bpf_cubic
  loadstone ops remove 41 --wait 30s`,
		Args:              cobra.ExactArgs(1),
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
			err = structops.Remove(cmd.Context(), found, wait, func(line string) {
				fmt.Fprintln(cmd.OutOrStdout(), line)
			})
			if err != nil {
				return opsOutcome(err)
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%v is gone\n", &found)
			return nil
		},
	}
	cmd.Flags().DurationVar(&wait, "wait", 0, "wait for at most `DURATION` until the kernel has freed it")
	return cmd
}
