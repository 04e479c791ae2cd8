// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/loadstone-bpf/loadstone/loaderimpl/btfview"
)

func newBTFMinCommand() *cobra.Command {
	var out string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "min -o FILE OBJECT...",
		Short: "Write the least types that objects need of a kernel",
		Long: `Write whole BTF with what the CO-RE relocations of objects ask for, and nothing
else: a kernel without BTF of its own takes it in place of its own. Relocated
against it, the objects get the numbers that they get against all types.

An object that asks for the id of a kernel's type needs the kernel's own.` +
			btfExits("an object needs the kernel's own types"),
		Example: `  loadstone btf min prog.bpf.o -o prog.btf
  loadstone btf min a.bpf.o b.bpf.o --kernel-types 5.10.btf -o both.btf`,
		Args: cobra.MinimumNArgs(1),
	}
	types := addTypesFlags(cmd)
	types.addChooseFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if out == "" {
			return usageError{errors.New("no output: say -o FILE")}
		}
		for _, object := range args {
			if sameFile(object, out) {
				return usageError{fmt.Errorf("-o %s: that is an object, which would be overwritten", out)}
			}
		}
		s, err := types.open()
		if err != nil {
			return err
		}
		raw, err := s.Min(args)
		if err != nil {
			return btfOutcome(err)
		}
		kept, all, err := btfview.Kept(raw, s)
		if err != nil {
			return err
		}
		if err := os.WriteFile(out, raw, 0o644); err != nil {
			return err
		}
		if asJSON {
			return writeJSON(cmd.OutOrStdout(), struct {
				Bytes int    `json:"bytes"`
				Types uint32 `json:"types"`
				Of    uint32 `json:"of"`
			}{len(raw), kept, all})
		}
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s: %d bytes, %d of %d types\n", out, len(raw), kept, all)
		return err
	}
	cmd.Flags().StringVarP(&out, "output", "o", "", "write the types to `FILE` (required)")
	addJSONFlag(cmd, &asJSON)
	return cmd
}

// sameFile reports whether two paths are of one file that exists.
func sameFile(a, b string) bool {
	one, err := os.Stat(a)
	if err != nil {
		return false
	}
	other, err := os.Stat(b)
	return err == nil && os.SameFile(one, other)
}
