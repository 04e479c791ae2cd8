// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/loadstone-bpf/loadstone/structops"
)

func newOpsShowCommand() *cobra.Command {
	var asJSON bool
	var measure time.Duration
	cmd := &cobra.Command{
		Use:   "show NAME|ID",
		Short: "Show all that the kernel has of a structure",
		Long: `Show what list tells of a structure, and each link and pin with its path, the
programs by member with ids and tags, and the members that are not zero, in C by
the kernel's own types.

How often each program ran, and how long that took, is shown where the kernel
counts it: while kernel.bpf_stats_enabled is 1, or for as long as --measure has it
count. Every program of the kernel is a little slower then.

Exit codes: 0 shown; 2 wrong usage, or a name that several structures have; 3 the
kernel could not be asked; 4 no structure has the name or id.`,
		Example: `  loadstone ops show bpf_cubic
  loadstone ops show 41 --measure 1s
  loadstone ops show bpf_cubic --json | jq '.members[] | select(.program) | {name, program}'`,
		Args:              oneStructure,
		ValidArgsFunction: completeOps,
		RunE: func(cmd *cobra.Command, args []string) error {
			if measure < 0 {
				return usageError{errors.New("--measure: want a duration of 0 or more, such as 1s")}
			}
			all, err := structops.Read()
			if err != nil {
				return opsOutcome(err)
			}
			found, err := structops.Find(all, args[0])
			if err == nil && measure > 0 {
				found, err = structops.Measure(cmd.Context(), found.ID, measure)
			}
			if err != nil {
				return opsOutcome(err)
			}
			if asJSON {
				return writeJSON(cmd.OutOrStdout(), found)
			}
			return writeStructure(cmd.OutOrStdout(), found, measure)
		},
	}
	addJSONFlag(cmd, &asJSON)
	cmd.Flags().DurationVar(&measure, "measure", 0, "have the kernel count runs for `DURATION`, and show those")
	return cmd
}

// writeStructure prints all of a structure. Runs were measured for a while, or for 0.
func writeStructure(w io.Writer, s structops.Structure, measured time.Duration) error {
	fmt.Fprintf(w, "%s\n", s.String())
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, row := range [][2]string{
		{"map", cmp.Or(s.Map, "without a name")},
		{"module", s.Module},
		{"state", state(s)},
		{"references", references(s)},
		{"pins", cmp.Or(pathList(s.Pins), "none")},
		{"held by", cmp.Or(processList(s.Holders), "no process")},
		{"runs", runsOf(s, measured)},
	} {
		fmt.Fprintf(table, "  %s\t%s\n", row[0], row[1])
	}
	for _, l := range s.Links {
		fmt.Fprintf(table, "  link %d\tpinned %s, held by %s\n", l.ID,
			cmp.Or(pathList(l.Pins), "nowhere"), cmp.Or(processList(l.Holders), "no process"))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if err := writePrograms(w, s); err != nil {
		return err
	}
	return writeInC(w, s)
}

// pathList returns the paths of pins in a line.
func pathList(pins []string) string { return structops.Printable(strings.Join(pins, ", ")) }

// state returns the kernel's word, and what it means for registration.
func state(s structops.Structure) string {
	if !s.Registered {
		return s.State + ", not registered"
	}
	return fmt.Sprintf("%s, registered by %s", s.State, registeredBy(s))
}

// references says what a count of references is of.
func references(s structops.Structure) string {
	users := "users"
	if s.Users() == 1 {
		users = "user"
	}
	if !s.Registered {
		return fmt.Sprintf("%d: %d %s in the kernel", s.References, s.Users(), users)
	}
	return fmt.Sprintf("%d: its registration, and %d %s in the kernel", s.References, s.Users(), users)
}

// runsOf says what the counts of runs are of.
func runsOf(s structops.Structure, measured time.Duration) string {
	switch s.Counting {
	case structops.CountingMeasured:
		return fmt.Sprintf("counted for %v", measured)
	case structops.CountingSysctl:
		return "counted, as kernel.bpf_stats_enabled says"
	}
	return "not counted: kernel.bpf_stats_enabled is 0 (--measure 1s counts for a second)"
}

// writePrograms prints the programs by member, in the kernel's order.
func writePrograms(w io.Writer, s structops.Structure) error {
	if s.Programs() == 0 {
		return nil
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	counted := s.Counting != structops.CountingOff
	header := "\n  MEMBER\tPROGRAM\tNAME\tTAG"
	if counted {
		header += "\tRUNS\tTIME"
	}
	fmt.Fprintln(table, header)
	for _, m := range s.Members {
		if m.Program == nil {
			continue
		}
		fmt.Fprintf(table, "  %s\t%d\t%s\t%s", m.Name, m.Program.ID, cmp.Or(m.Program.Name, "-"),
			cmp.Or(m.Program.Tag, "gone"))
		switch {
		case counted && m.Program.Runs != nil:
			fmt.Fprintf(table, "\t%d\t%v", *m.Program.Runs, *m.Program.RunTime)
		case counted:
			fmt.Fprint(table, "\t-\t-")
		}
		fmt.Fprintln(table)
	}
	return table.Flush()
}

// writeInC prints what is in the structure as C would initialize it.
func writeInC(w io.Writer, s structops.Structure) error {
	fmt.Fprintf(w, "\nstruct %s %s = {\n", s.Type, strings.ReplaceAll(cmp.Or(s.Map, "_"), ".", "_"))
	zero := 0
	for _, m := range s.Members {
		if m.Zero {
			zero++
			continue
		}
		value := m.Value
		if m.Program != nil {
			value = cmp.Or(m.Program.Name, fmt.Sprintf("program_%d", m.Program.ID))
		}
		if m.Name != "" {
			value = "." + m.Name + " = " + value
		}
		fmt.Fprintf(w, "\t%s,\n", value)
	}
	_, err := fmt.Fprintf(w, "\t/* %d more are zero */\n};\n", zero)
	return err
}
