// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/loadstone-bpf/loadstone/loaderimpl/xdpchain"
)

func newChainListCommand() *cobra.Command {
	var asJSON, detached bool
	var bpffs string
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the chains on interfaces, whoever made them",
		Long: `List every interface of this network namespace that has a chain, a line each:

  INTERFACE   its name
  MODE        native or skb
  BY          what attached the dispatcher: netlink, or link
  DISPATCHER  id of the program on the interface
  VERSION     of the dispatcher's configuration, libxdp's number
  PROGRAMS    those of the chain, in their order

Interfaces with an XDP program that is no chain are left out.

With --detached list the dispatchers in memory that are on no interface instead,
with the programs that keep them there and the folder of their pins, which clean
removes. Without a folder a process keeps the dispatcher, or an interface of
another network namespace has it.

Exit codes: 0 listed, though there be none; 2 wrong usage; 3 the kernel could not
be asked.`,
		Example: `  loadstone chain list
  loadstone chain list --detached
  loadstone chain list --json | jq -r '.[].programs[] | "\(.id) \(.name)"'`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if detached {
				return listDetached(cmd.OutOrStdout(), bpffs, asJSON)
			}
			all, err := xdpchain.List(bpffs)
			if err != nil {
				return chainOutcome(err)
			}
			if asJSON {
				return writeJSONList(cmd.OutOrStdout(), all)
			}
			return writeChains(cmd.OutOrStdout(), all)
		},
	}
	addJSONFlag(cmd, &asJSON)
	addBPFFSFlag(cmd, &bpffs)
	cmd.Flags().BoolVar(&detached, "detached", false, "list dispatchers that are on no interface")
	return cmd
}

// listDetached prints the dispatchers that are on no interface.
func listDetached(w io.Writer, bpffs string, asJSON bool) error {
	all, err := xdpchain.ListDetached(bpffs)
	if err != nil {
		return chainOutcome(err)
	}
	if asJSON {
		return writeJSONList(w, all)
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "DISPATCHER\tPROGRAMS\tPINS")
	for _, d := range all {
		ids := make([]string, len(d.Programs))
		for i, id := range d.Programs {
			ids[i] = fmt.Sprint(id)
		}
		fmt.Fprintf(table, "%d\t%s\t%s\n", d.Dispatcher, cmp.Or(strings.Join(ids, ", "), "-"),
			cmp.Or(d.Folder, "-"))
	}
	return table.Flush()
}

func writeChains(w io.Writer, all []*xdpchain.Chain) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "INTERFACE\tMODE\tBY\tDISPATCHER\tVERSION\tPROGRAMS")
	for _, c := range all {
		names := make([]string, len(c.Programs))
		for i, p := range c.Programs {
			names[i] = programName(p)
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%d\t%d\t%s\n", c.Interface, c.Mode, c.By, c.Dispatcher,
			c.Version, strings.Join(names, ", "))
	}
	return table.Flush()
}

// programName returns the name of a program, or that it is not known.
func programName(p xdpchain.Program) string {
	return cmp.Or(p.Name, "unknown")
}

func newChainShowCommand() *cobra.Command {
	var asJSON bool
	var bpffs string
	cmd := &cobra.Command{
		Use:   "show INTERFACE",
		Short: "Show the chain of an interface, slot by slot",
		Long: `Show the chain of an interface, whoever made it, a line for each program:

  SLOT      from 0, in the order in which they run
  ID        of the program in the kernel
  NAME      of its function, whole where its types have it
  TAG       of its code
  PRIORITY  the smaller, the earlier
  ACTIONS   verdicts after which the next program runs
  LINK      id of the link that puts it into its slot
  PINNED    whether pins keep it there
  RUNS      how often it ran, and how long that took: while the kernel counts it,
            kernel.bpf_stats_enabled=1

The programs of a static chain are functions of its dispatcher, and have no ids.
What is in which slot comes from the kernel's links, and from the pins only before
Linux 5.13.

` + chainExits(),
		Example: `  loadstone chain show eth0
  loadstone chain show eth0 --json | jq '.programs[] | {slot, id, name}'`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: completeInterfaces,
		RunE: func(cmd *cobra.Command, args []string) error {
			index, err := interfaceNamed(args[0])
			if err != nil {
				return err
			}
			chain, err := xdpchain.Read(index, bpffs)
			if err != nil {
				return chainOutcome(err)
			}
			if asJSON {
				return writeJSON(cmd.OutOrStdout(), chain)
			}
			return writeChain(cmd.OutOrStdout(), chain)
		},
	}
	addJSONFlag(cmd, &asJSON)
	addBPFFSFlag(cmd, &bpffs)
	return cmd
}

func writeChain(w io.Writer, c *xdpchain.Chain) error {
	fmt.Fprintf(w, "%s: %s mode, dispatcher %d of version %d by %s", c.Interface, c.Mode,
		c.Dispatcher, c.Version, c.By)
	if c.Static {
		fmt.Fprint(w, ", static")
	}
	if c.Frags {
		fmt.Fprint(w, ", packets of several buffers")
	}
	if c.DevBound {
		fmt.Fprint(w, ", bound to the device")
	}
	fmt.Fprint(w, "\n\n")
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	counted := len(c.Programs) > 0 && c.Programs[0].Runs != nil
	fmt.Fprint(table, "  SLOT\tID\tNAME\tTAG\tPRIORITY\tACTIONS\tLINK\tPINNED")
	if counted {
		fmt.Fprint(table, "\tRUNS\tTIME")
	}
	fmt.Fprintln(table)
	for _, p := range c.Programs {
		actions := strings.Join(p.Actions, ",")
		if actions == "" {
			actions = "none"
		}
		pinned := "no"
		if p.Pinned {
			pinned = "yes"
		}
		fmt.Fprintf(table, "  %d\t%d\t%s\t%s\t%d\t%s\t%d\t%s", p.Slot, p.ID, programName(p), p.Tag,
			p.Priority, actions, p.Link, pinned)
		switch {
		case counted && p.Runs != nil:
			fmt.Fprintf(table, "\t%d\t%v", *p.Runs, *p.RunTime)
		case counted:
			fmt.Fprint(table, "\t-\t-")
		}
		fmt.Fprintln(table)
	}
	return table.Flush()
}
