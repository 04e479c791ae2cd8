// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/loadstone-bpf/loadstone/structops"
	"github.com/loadstone-bpf/loadstone/verdict"
)

// Exit codes of loadstone ops, beside those of every command.
const (
	exitNotThere   = 4
	exitInUse      = 5
	exitBeingFreed = 6
	exitHeld       = 7
	exitThere      = 8
	exitRefused    = 9
)

// opsCodes says which exit code a reason has, and what it means.
var opsCodes = []struct {
	reason error
	code   int
	means  string
}{
	{structops.ErrNotThere, exitNotThere, "no structure has the name or id"},
	{structops.ErrInUse, exitInUse,
		"unregistered now; users in the kernel, such as connections, still hold it"},
	{structops.ErrBeingFreed, exitBeingFreed,
		"unregistered before; users in the kernel still hold it"},
	{structops.ErrHeld, exitHeld, "a process holds its map, or a link that cannot be detached"},
	{structops.ErrThere, exitThere, "a structure of the name is there already"},
	{structops.ErrRefused, exitRefused, "the loader or the kernel refuses the object"},
}

// opsExits returns the part of --help that lists exit codes.
func opsExits() string {
	var b strings.Builder
	b.WriteString("Exit codes:\n")
	fmt.Fprintf(&b, "  %d  done\n", verdict.ExitClean)
	fmt.Fprintf(&b, "  %d  wrong usage, or a name that several structures have\n", verdict.ExitUsage)
	fmt.Fprintf(&b, "  %d  it could not be done", verdict.ExitHarness)
	for _, c := range opsCodes {
		fmt.Fprintf(&b, "\n  %d  %s", c.code, c.means)
	}
	return b.String()
}

// An opsError ends the command with a code of its own.
type opsError struct {
	err  error
	code int
}

func (e opsError) Error() string { return e.err.Error() }
func (e opsError) Unwrap() error { return e.err }
func (e opsError) ExitCode() int { return e.code }

// opsOutcome gives an error of package structops its exit code, and one for which the user lacks
// the right what to do about it.
func opsOutcome(err error) error {
	if err == nil {
		return nil
	}
	for _, c := range opsCodes {
		if errors.Is(err, c.reason) {
			return opsError{err, c.code}
		}
	}
	switch {
	case errors.Is(err, structops.ErrAmbiguous), errors.Is(err, structops.ErrName):
		return usageError{err}
	case errors.Is(err, fs.ErrPermission) && os.Geteuid() != 0:
		return fmt.Errorf("%w (run it as root, or with CAP_SYS_ADMIN: others may neither see nor change what is in the kernel)", err)
	}
	return err
}

// opsOutcomeOf returns the word for how removing a structure ended, for JSON.
func opsOutcomeOf(err error) string {
	for _, word := range []struct {
		reason error
		word   string
	}{
		{nil, "gone"}, {structops.ErrNotThere, "not there"}, {structops.ErrInUse, "in use"},
		{structops.ErrBeingFreed, "being freed"}, {structops.ErrHeld, "held"},
	} {
		if errors.Is(err, word.reason) {
			return word.word
		}
	}
	return "failed"
}

// oneStructure takes the one argument that names a structure.
func oneStructure(cmd *cobra.Command, args []string) error {
	if err := cobra.ExactArgs(1)(cmd, args); err != nil {
		return err
	}
	if args[0] == "" {
		return usageError{errors.New("the name of the structure is empty")}
	}
	if number, isID := strings.CutPrefix(args[0], "id:"); isID {
		if _, err := strconv.ParseUint(number, 10, 32); err != nil {
			return usageError{fmt.Errorf("%q: want an id after id:, such as id:41", args[0])}
		}
	}
	return nil
}

// newOpsCommand returns the command ops.
func newOpsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "ops",
		Short: "List, insert, remove and show kernel structures whose functions are BPF programs",
		Long: `Some structures of the kernel are full of functions, and BPF programs can be
those functions: congestion controls (tcp_congestion_ops), schedulers
(sched_ext_ops), queueing disciplines (Qdisc_ops), fixes of HID devices
(hid_bpf_ops) and more. A loader puts one into a map of type struct_ops, and the
kernel registers it: by the update that fills the map or, from 6.4 on, by a link.

This command is to them what lsmod, modinfo, insmod and rmmod are to modules. It
works on the kernel of the machine that it is called on, not in a guest, for the
structures of every loader, and takes root.

Names:
  a structure's own name, its map's, or the id of the map: 41, or id:41 where a
  name is all digits. A name that several have is refused, with their ids.

States, in the kernel's words:
  INIT      the map is empty
  INUSE     registered, by an update
  TOBEFREE  was registered by an update; the kernel frees it with its last user
  READY     the map is full; registered if there is a link that says so

References:
  what holds it inside the kernel: one for its registration, and one for each
  user, such as a socket

Files:
  /sys/fs/bpf/loadstone/ops/NAME/map   pins the map of what was inserted, where
                                       NAME is the variable in its object
  /sys/fs/bpf/loadstone/ops/NAME/link  pins the link that registers it, if any

` + opsExits(),
		Example: `  loadstone ops list
  loadstone ops show bpf_cubic
  loadstone ops insert cubic.bpf.o
  loadstone ops remove bpf_cubic --wait 30s`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newOpsListCommand(), newOpsShowCommand(), newOpsInsertCommand(), newOpsRemoveCommand())
	return cmd
}

// completeOps offers the names of the structures in the kernel.
func completeOps(
	_ *cobra.Command, args []string, _ string,
) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	all, err := structops.Read()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var names []string
	for _, s := range all {
		names = append(names, fmt.Sprintf("%s\t%s, %s", s.Called(), s.Type, s.State))
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}
