// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"io/fs"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/loadstone-bpf/loadstone/loaderimpl"
	"github.com/loadstone-bpf/loadstone/verdict"
)

func newLinkCommand() *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use:   "link -o OUT OBJECT...",
		Short: "Link BPF objects into one",
		Long: `Join compiled BPF objects into one object, which any loader reads. OUT is
written whole, or not at all: a file that was there is replaced, or left as it is.

Sections of one name follow each other in the order of the objects. A name that
several objects use has one definition: the one that is not weak, or else the
first. Names that are static stay each object's own. A map, variable or function
that an object only declares (extern) has to be declared as it is defined. All
conflicts are reported, each with both objects.

The output depends on the contents and the order of the objects only, and has no
debugging sections (DWARF). One object is linked alone to the same bytes each
time: what the compiler left to linkers is filled in. docs/linking.md has the rules.

Exit codes: 0 linked; 1 the objects do not fit together, or one cannot be read as
a BPF object; 2 wrong usage, such as an object that does not exist; 3 the output
cannot be written.`,
		Example: `  loadstone link -o prog.bpf.o main.bpf.o maps.bpf.o
  loadstone link -o prog.bpf.o *.bpf.o && loadstone check prog.bpf.o
  loadstone link -o clean.bpf.o prog.bpf.o   # without DWARF, BTF deduplicated`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, objects []string) error {
			if out == "" {
				return usageError{errors.New("no output: say -o OUT")}
			}
			// The process ends when it has linked, and takes memory in proportion to its input: to
			// look for garbage more often costs time for nothing.
			debug.SetGCPercent(400)
			return linkOutcome(loaderimpl.Link(out, objects...))
		},
	}
	cmd.Flags().StringVarP(&out, "output", "o", "", "write the object to `OUT` (required)")
	return cmd
}

// linkOutcome gives an error of linking its exit code.
func linkOutcome(err error) error {
	var e *loaderimpl.Error
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &e) || e.Class == loaderimpl.ClassIO && e.Object == "":
		return err // of the output, as no object is to blame
	case errors.Is(err, fs.ErrNotExist):
		return usageError{err}
	}
	return linkError{err}
}

// A linkError says why objects cannot be linked.
type linkError struct{ error }

// Unwrap returns the error itself.
func (e linkError) Unwrap() error { return e.error }

// ExitCode returns that of an object that fails what is asked of it.
func (e linkError) ExitCode() int { return verdict.ExitFailed }
