// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/spf13/cobra"

	"github.com/loadstone-bpf/loadstone/loaderimpl/btfview"
	"github.com/loadstone-bpf/loadstone/verdict"
)

// A typesFlag says which types a command of loadstone btf looks at.
type typesFlag struct {
	kernel  string
	extra   []string
	choices []string
}

func newBTFCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "btf",
		Short: "Show types of kernels and drivers, and what relocations to them become",
		Long: `Look at BTF as the reference loader does: at the running kernel's and its
modules', or with --kernel-types at that of a file, and with --extra at more beside
it, such as a driver's. A file holds raw BTF, or is an ELF file with section .BTF.
One that goes on from the kernel's types (split BTF) is held to them first.`,
		Example: `  loadstone btf show task_struct
  loadstone btf explain prog.bpf.o --extra nic_a.btf
  loadstone btf stitch --extra nic_a.btf --extra nic_b.btf -o all.btf
  loadstone btf min prog.bpf.o -o prog.btf`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newBTFShowCommand(), newBTFExplainCommand(), newBTFStitchCommand(),
		newBTFMinCommand())
	return cmd
}

// addTypesFlags gives a command the flags that say which types it looks at.
func addTypesFlags(cmd *cobra.Command) *typesFlag {
	var f typesFlag
	cmd.Flags().StringVar(&f.kernel, "kernel-types", "",
		"look at the types of `FILE` in place of the running kernel's and its modules'")
	cmd.Flags().StringArrayVar(&f.extra, "extra", nil,
		"look at the types of `FILE` as well; may be given several times")
	return &f
}

// addChooseFlag gives a command that relocates the flag that says which of several types is meant.
func (f *typesFlag) addChooseFlag(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&f.choices, "choose", nil,
		"of several types of one name take `CHOICE`, TYPE=NAME@SOURCE: TYPE is the object's, NAME that there; NAME or SOURCE may be left out. "+
			"SOURCE is vmlinux, 'module NAME', or a file as given. May be given several times")
}

// open reads the types.
func (f *typesFlag) open() (*btfview.Sources, error) {
	s, err := btfview.Open(f.kernel, f.extra)
	if err != nil {
		return nil, btfOutcome(err)
	}
	for _, c := range f.choices {
		if err := s.Choose(c); err != nil {
			return nil, usageError{fmt.Errorf("--choose %s: %w", c, err)}
		}
	}
	return s, nil
}

// btfExits returns the part of --help that lists exit codes, with what 1 means.
func btfExits(one string) string {
	return "\n\nExit codes: 0 done; 1 " + one + "; 2 wrong usage, such as a file that does not\n" +
		"exist; 3 the types cannot be read."
}

// btfOutcome gives an error its exit code.
func btfOutcome(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, btfview.ErrChoice):
		return usageError{err}
	case errors.Is(err, btfview.ErrNoType), errors.Is(err, btfview.ErrNeedsIDs), errors.Is(err, btfview.ErrNotTheSame):
		return btfError{err}
	}
	return err
}

// A btfError says that what was asked for is not so.
type btfError struct{ error }

// Unwrap returns the error itself.
func (e btfError) Unwrap() error { return e.error }

// ExitCode returns that of an object or a type that fails what is asked of it.
func (e btfError) ExitCode() int { return verdict.ExitFailed }
