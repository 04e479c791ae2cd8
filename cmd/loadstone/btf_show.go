// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/loadstone-bpf/loadstone/loaderimpl/btfview"
)

func newBTFShowCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "show TYPE",
		Short: "Show a type as each source has it, side by side",
		Long: `Show the types of a name: what CO-RE takes for one and the same. Flavors (what
follows three underscores) do not count. Members are listed with their offset in
bytes, or bytes and bits for a bitfield, and their size; those of anonymous
members stand where they are. With struct, union or enum before the name, only
those count. Modules are looked at for what the kernel itself does not have.` +
			btfExits("no source has such a type"),
		Example: `  loadstone btf show task_struct
  loadstone btf show "struct xdp_hints" --extra nic_a.btf --extra nic_b.btf
  loadstone btf show sk_buff --kernel-types vmlinux --json | jq '.[0].size'`,
		Args: cobra.MinimumNArgs(1),
	}
	types := addTypesFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		s, err := types.open()
		if err != nil {
			return err
		}
		layouts, err := s.Show(strings.Join(args, " "))
		if err != nil {
			return btfOutcome(err)
		}
		if asJSON {
			return writeJSONList(cmd.OutOrStdout(), layouts)
		}
		return writeLayouts(cmd.OutOrStdout(), layouts)
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON array, an object per type found")
	return cmd
}

// writeLayouts prints a column for each type, and a row for each member or value.
func writeLayouts(w io.Writer, layouts []btfview.Layout) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	var head, from, size strings.Builder
	for _, l := range layouts {
		fmt.Fprintf(&head, "\t%s %s", l.Kind, l.Name)
		fmt.Fprintf(&from, "\t%s, type %d", l.Source, l.ID)
		switch {
		case l.Target != "":
			fmt.Fprintf(&size, "\t%s", l.Target)
		case l.Size == nil:
			fmt.Fprint(&size, "\tno size")
		default:
			fmt.Fprintf(&size, "\t%d bytes", *l.Size)
		}
	}
	fmt.Fprintf(table, "%s\n%s\n%s\n", head.String(), from.String(), size.String())
	for _, name := range rowNames(layouts) {
		fmt.Fprint(table, name)
		for i := range layouts {
			fmt.Fprintf(table, "\t%s", cell(&layouts[i], name))
		}
		fmt.Fprintln(table)
	}
	return table.Flush()
}

// rowNames returns the names of all members and values, in the order of the first type that has
// each.
func rowNames(layouts []btfview.Layout) []string {
	var names []string
	seen := make(map[string]bool)
	add := func(name string) {
		if !seen[name] {
			seen[name] = true
			names = append(names, name)
		}
	}
	for _, l := range layouts {
		for _, m := range l.Members {
			add(m.Name)
		}
		for _, v := range l.Values {
			add(v.Name)
		}
	}
	return names
}

// cell says what a type has of a member or value.
func cell(l *btfview.Layout, name string) string {
	var all []string
	for _, m := range l.Members {
		if m.Name != name {
			continue
		}
		at := fmt.Sprint(m.Offset / 8)
		if m.Width != 0 {
			at += fmt.Sprintf(".%d", m.Offset%8)
		}
		all = append(all, fmt.Sprintf("%s  %s", at, m.C))
	}
	for _, v := range l.Values {
		if v.Name == name {
			all = append(all, fmt.Sprint(v.Value))
		}
	}
	if all == nil {
		return "-"
	}
	return strings.Join(all, "; ")
}
