// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/spf13/cobra"

	"github.com/loadstone-bpf/loadstone/structops"
	"github.com/loadstone-bpf/loadstone/structops/insertion"
)

func newOpsInsertCommand() *cobra.Command {
	var in insertion.Request
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "insert OBJECT",
		Short: "Register the structures of a BPF object, and keep them",
		Long: `Load a compiled BPF object with the reference loader, register its structures
(variables in its sections .struct_ops and .struct_ops.link), and keep them by
pins, so that they stay when this command ends. All are inserted, or none. For
each a line tells its type, name and id, and where it is pinned. What is
interrupted undoes what it did; a second insert waits for the first.

Without --name those are inserted that a loader creates unasked: not the ones in
sections whose names begin with a question mark.

Refused is one that is there already: with pins in the folder of its name, as a
registered structure of its type from a map of its name, or by a name that the
kernel compares, such as that of a congestion control.

Files:
  DIR/loadstone/ops/NAME/map   pins the map of the structure in variable NAME
  DIR/loadstone/ops/NAME/link  pins its link, where a link registers it

DIR has to be a bpffs: mount -t bpf bpf /sys/fs/bpf makes one where none is
mounted. Nothing in it outlasts a restart of the machine.

` + opsExits(),
		Example: `  loadstone ops insert cubic.bpf.o
  loadstone ops insert many.bpf.o --name first --name second
  loadstone ops insert cubic.bpf.o --bpffs /run/bpf
  loadstone ops insert cubic.bpf.o --json | jq -r '.[].folder'`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			in.Object = args[0]
			if in.BPFFS == "" {
				return usageError{errors.New("--bpffs: the name of the folder is empty")}
			}
			inserted, err := insertion.Insert(cmd.Context(), in)
			if errors.Is(err, fs.ErrNotExist) && !errors.Is(err, structops.ErrNoBPFFS) {
				return usageError{err}
			}
			if err != nil {
				return opsOutcome(err)
			}
			if asJSON {
				return writeJSONList(cmd.OutOrStdout(), inserted)
			}
			for _, s := range inserted {
				fmt.Fprintf(cmd.OutOrStdout(), "inserted %v, pinned in %s\n", &s.Structure, s.Folder)
			}
			return nil
		},
	}
	addJSONFlag(cmd, &asJSON)
	cmd.Flags().StringArrayVar(&in.Names, "name", nil,
		"insert the structure `NAME` of the object, and no other that is not named (may be repeated)")
	cmd.Flags().StringVar(&in.BPFFS, "bpffs", structops.DefaultBPFFS,
		"keep what is inserted by pins below the bpffs `DIR`")
	return cmd
}
