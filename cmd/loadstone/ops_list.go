// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/loadstone-bpf/loadstone/structops"
)

func newOpsListCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the structures that are in the kernel, whoever loaded them",
		Long: `List every structure, a line each:

  ID          id of its map
  NAME, MAP   its own name, where it has one, and its map's
  TYPE        its struct, with the module that has it in brackets, if one does
  STATE       INIT, INUSE, TOBEFREE or READY: see loadstone ops --help
  REFS        references that the kernel holds
  PROGRAMS    how many of its members are programs
  REGISTERED  by what: update, link and the link's id, or no
  PINS        of its map and links, in every bpffs that a path leads to
  HELD BY     processes with a descriptor of its map or a link

Exit codes: 0 listed, though there be none; 2 wrong usage; 3 the kernel could not
be asked.`,
		Example: `  loadstone ops list
  loadstone ops list --json | jq -r '.[] | select(.registered | not) | .id'`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			all, err := structops.Read()
			if err != nil {
				return opsOutcome(err)
			}
			if asJSON {
				return writeJSONList(cmd.OutOrStdout(), all)
			}
			return writeStructures(cmd.OutOrStdout(), all)
		},
	}
	addJSONFlag(cmd, &asJSON)
	return cmd
}

func writeStructures(w io.Writer, all []structops.Structure) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "ID\tNAME\tMAP\tTYPE\tSTATE\tREFS\tPROGRAMS\tREGISTERED\tPINS\tHELD BY")
	for _, s := range all {
		pins, holders := len(s.Pins), s.Holders
		for _, l := range s.Links {
			pins += len(l.Pins)
			for _, p := range l.Holders {
				if !contains(holders, p) {
					holders = append(holders[:len(holders):len(holders)], p)
				}
			}
		}
		fmt.Fprintf(table, "%d\t%s\t%s\t%s\t%s\t%d\t%d\t%s\t%d\t%s\n", s.ID,
			cmp.Or(structops.Printable(s.Name), "-"),
			cmp.Or(s.Map, "-"), typeOf(s), s.State, s.References, s.Programs(), registeredBy(s), pins,
			cmp.Or(processList(holders), "-"))
	}
	return table.Flush()
}

func contains(all []structops.Process, p structops.Process) bool {
	for _, other := range all {
		if other.PID == p.PID {
			return true
		}
	}
	return false
}

// typeOf returns a structure's type, with the module that has it as lsmod and /proc/kallsyms do.
func typeOf(s structops.Structure) string {
	if s.Module == "vmlinux" {
		return s.Type
	}
	return fmt.Sprintf("%s [%s]", s.Type, s.Module)
}

// registeredBy returns what registers a structure: "update", "link 5", or "no".
func registeredBy(s structops.Structure) string {
	switch {
	case !s.Registered:
		return "no"
	case s.RegisteredBy == structops.ByUpdate:
		return "update"
	}
	ids := make([]string, len(s.Links))
	for i, l := range s.Links {
		ids[i] = fmt.Sprint(l.ID)
	}
	return "link " + strings.Join(ids, ",")
}

// processList returns processes as "12 (sshd), 13 (bash)".
func processList(all []structops.Process) string {
	each := make([]string, len(all))
	for i, p := range all {
		each[i] = p.String()
	}
	return strings.Join(each, ", ")
}
