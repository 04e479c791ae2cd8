// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/loadstone-bpf/loadstone/loaderimpl/btfview"
)

func newBTFExplainCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "explain OBJECT",
		Short: "Say what becomes of each CO-RE relocation of an object",
		Long: `List the instructions of an object that depend on the kernel's types: what each
asks for, as C; the types of the kernel that may be meant, with what each has; and
the number that the instruction gets. Nothing is loaded.

An instruction for which no type has a number is poisoned: the object loads if the
verifier sees that no program comes to it. Relocations of a function choose
together among types of one name.` + btfExits("a relocation is refused, so that the object cannot be loaded"),
		Example: `  loadstone btf explain prog.bpf.o
  loadstone btf explain prog.bpf.o --kernel-types 5.10.btf
  loadstone btf explain prog.bpf.o --extra nic_a.btf --extra nic_b.btf --choose xdp_hints=@nic_b.btf
  loadstone btf explain prog.bpf.o --json | jq -r '.[] | select(.poisoned) | .expression'`,
		Args: cobra.ExactArgs(1),
	}
	types := addTypesFlags(cmd)
	types.addChooseFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		s, err := types.open()
		if err != nil {
			return err
		}
		list, err := s.Explain(args[0])
		if err != nil {
			return btfOutcome(err)
		}
		if asJSON {
			err = writeJSONList(cmd.OutOrStdout(), list)
		} else {
			err = writeRelocations(cmd.OutOrStdout(), list)
		}
		if err != nil {
			return err
		}
		for _, r := range list {
			if r.Refused != "" {
				return btfError{fmt.Errorf("%s: %s", args[0], r.Refused)}
			}
		}
		return nil
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON array, an object per relocation")
	return cmd
}

// writeRelocations prints relocations below their functions.
func writeRelocations(w io.Writer, list []btfview.Relocation) error {
	if len(list) == 0 {
		_, err := fmt.Fprintln(w, "The object has no CO-RE relocations.")
		return err
	}
	place := ""
	for _, r := range list {
		if at := r.Section + " " + r.Function; at != place {
			fmt.Fprintln(w, at)
			place = at
		}
		fmt.Fprintf(w, "  %d: %s\n", r.Instruction, r.Expression)
		switch {
		case r.Refused != "":
			fmt.Fprintf(w, "      refused: %s\n", r.Refused)
		case r.Poisoned != "":
			fmt.Fprintf(w, "      %d -> poisoned\n", *r.Original)
		default:
			fmt.Fprintf(w, "      %d -> %d\n", int64(*r.Original), int64(*r.Value))
		}
		for _, c := range r.Candidates {
			has := "does not have it"
			if c.Value != nil {
				has = fmt.Sprint(int64(*c.Value))
			}
			fmt.Fprintf(w, "      %s of %s, type %d: %s\n", c.Type, c.Source, c.ID, has)
		}
	}
	return nil
}
