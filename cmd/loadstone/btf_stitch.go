// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"os"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/loadstone-bpf/loadstone/loaderimpl"
)

func newBTFStitchCommand() *cobra.Command {
	var out string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "stitch",
		Short: "Check that types belong together, and write them as one file",
		Long: `Check that the types of --extra belong to the kernel's: that their ids and names
mean something there, and that what they refer to can be what they say. Types that
were made for another kernel are refused, with what differs. With -o, all are
written to one file of whole BTF: the kernel's with their ids, then the others'.` +
			btfExits("types do not belong together"),
		Example: `  loadstone btf stitch --extra nic_a.btf                         # check only
  loadstone btf stitch --extra nic_a.btf --extra nic_b.btf -o all.btf
  loadstone btf stitch --kernel-types vmlinux --extra driver.ko -o all.btf`,
		Args: cobra.NoArgs,
	}
	types := addTypesFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		s, err := types.open()
		if errors.Is(err, loaderimpl.ClassBTF) || errors.Is(err, loaderimpl.ClassInvalid) {
			return btfError{err}
		}
		if err != nil {
			return err
		}
		if out != "" {
			if err := os.WriteFile(out, s.Stitch(), 0o644); err != nil {
				return err
			}
		}
		parts := s.Parts()
		if asJSON {
			return writeJSONList(cmd.OutOrStdout(), parts)
		}
		table := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
		fmt.Fprintln(table, "SOURCE\tTYPES\tGOES ON")
		for _, p := range parts {
			goesOn := "no, whole"
			if p.GoesOn {
				goesOn = "from " + parts[0].Source
			}
			fmt.Fprintf(table, "%s\t%d\t%s\n", p.Source, p.Types, goesOn)
		}
		return table.Flush()
	}
	cmd.Flags().StringVarP(&out, "output", "o", "", "write the types to `FILE`")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON array, an object per source")
	return cmd
}
