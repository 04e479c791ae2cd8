// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/loadstone-bpf/loadstone/metadata"
	"github.com/loadstone-bpf/loadstone/structops"
)

// newMetadataCommand returns the command metadata.
func newMetadataCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "metadata",
		Short: "Show what programs say of themselves in variables bpf_metadata_*",
		Long: `Authors of BPF programs say who owns them, and what they were built from, in
read-only variables whose names begin with bpf_metadata_. Loaders bind that data to
each program of the object, also where no program refers to it, so that it is found
by whoever sees the program.`,
		Example: `  loadstone metadata show
  loadstone metadata show --object counter.bpf.o`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newMetadataShowCommand())
	return cmd
}

// A programChoice says which programs to show the metadata of: one of the three at most.
type programChoice struct {
	id             uint32
	pinned, object string
}

func newMetadataShowCommand() *cobra.Command {
	var asJSON bool
	var choice programChoice
	cmd := &cobra.Command{
		Use:   "show [--id N | --pinned PATH | --object FILE]",
		Short: "Show the metadata of programs, with the types that BTF has for it",
		Long: `Show the metadata of one program of this machine's kernel, whatever loaded it; of
the programs of an object that is not loaded; or, without a flag, of all programs
in the kernel that have some.

Each variable has its name without the prefix, its type in C, the section of the
object that it is in, with the map that the kernel has for that, and its value. A
name that is in two sections is shown twice. What programs can write to is no
metadata.

With --json the document is an object: "programs" lists each program with
"metadata", a list of name, type, value, section and, in the kernel, map and
map_name. Values are numbers, truths, strings, lists and objects as the types are.

The kernel is asked by root, an object by anyone.

Exit codes:
  0  shown, though there be none
  2  wrong usage
  3  the kernel could not be asked
  4  no such program, pin or file
  9  the reference loader refuses the object`,
		Example: `  loadstone metadata show
  loadstone metadata show --id 41
  loadstone metadata show --pinned /sys/fs/bpf/counter
  loadstone metadata show --object counter.bpf.o --json
  loadstone metadata show --json | jq -r '.programs[] | .id as $id | .metadata[] | select(.name == "owner") | "\($id) \(.value)"'`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			programs, err := choice.read(cmd.Flags().Changed("id"))
			if err != nil {
				return metadataOutcome(err)
			}
			if asJSON {
				return writeJSON(cmd.OutOrStdout(), struct {
					Programs []metadata.Program `json:"programs"`
				}{programs})
			}
			return writeMetadata(cmd.OutOrStdout(), programs)
		},
	}
	addJSONFlag(cmd, &asJSON)
	cmd.Flags().Uint32Var(&choice.id, "id", 0, "the program with the id `N`, as bpftool prog shows it")
	cmd.Flags().StringVar(&choice.pinned, "pinned", "", "the program that is pinned at `PATH`")
	cmd.Flags().StringVar(&choice.object, "object", "", "the programs of the object `FILE`, which is not loaded")
	return cmd
}

// read returns the programs that were chosen. An id is of one program, be it 0.
func (c programChoice) read(byID bool) ([]metadata.Program, error) {
	var p metadata.Program
	var err error
	switch {
	case byID && c.pinned+c.object != "", c.pinned != "" && c.object != "":
		return nil, usageError{errors.New("--id, --pinned and --object: want one of them at most")}
	case byID:
		p, err = metadata.Read(c.id)
	case c.pinned != "":
		p, err = metadata.ReadPinned(c.pinned)
	case c.object != "":
		return metadata.ReadObject(c.object)
	default:
		return metadata.ReadAll()
	}
	return []metadata.Program{p}, err
}

// metadataOutcome gives an error of package metadata its exit code, and one for which the user
// lacks the right what to do about it.
func metadataOutcome(err error) error {
	switch {
	case errors.Is(err, metadata.ErrNotThere):
		return opsError{err, exitNotThere}
	case errors.Is(err, metadata.ErrRefused):
		return opsError{err, exitRefused}
	case errors.Is(err, fs.ErrPermission) && os.Geteuid() != 0:
		return fmt.Errorf("%w (run it as root, or with CAP_SYS_ADMIN: others may not see what is in the kernel)", err)
	}
	return err
}

// writeMetadata prints programs, a block each.
func writeMetadata(w io.Writer, programs []metadata.Program) error {
	if len(programs) == 0 {
		_, err := fmt.Fprintln(w, "no program has metadata")
		return err
	}
	for i, p := range programs {
		if i > 0 {
			fmt.Fprintln(w)
		}
		fmt.Fprintln(w, programLine(p))
		if err := writeVariables(w, p); err != nil {
			return err
		}
	}
	return nil
}

// programLine names a program: "xdp first, id 41, tag c140768edde9f8a5", or "first in section xdp".
func programLine(p metadata.Program) string {
	name := cmp.Or(structops.Printable(p.Name), "without a name")
	if p.ID == 0 {
		return fmt.Sprintf("%s in section %s", name, structops.Printable(p.Section))
	}
	return fmt.Sprintf("%s %s, id %d, tag %s", p.Type, name, p.ID, p.Tag)
}

// writeVariables prints the pins and the metadata of one program.
func writeVariables(w io.Writer, p metadata.Program) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	if len(p.Pins) > 0 {
		fmt.Fprintf(w, "  pinned at %s\n", pathList(p.Pins))
	}
	if len(p.Metadata) == 0 {
		fmt.Fprintln(w, "  no metadata")
	}
	for _, v := range p.Metadata {
		in := structops.Printable(v.Section)
		if v.Map != 0 {
			in = fmt.Sprintf("%s, map %d", in, v.Map)
		}
		fmt.Fprintf(table, "  %s\t%s\t%s\t%s\n", structops.Printable(v.Name),
			structops.Printable(v.Type), in, metadata.Text(v.Value))
	}
	return table.Flush()
}
