// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/loadstone-bpf/loadstone/loaderimpl"
	"github.com/loadstone-bpf/loadstone/loaderimpl/xdpchain"
	"github.com/loadstone-bpf/loadstone/verdict"
)

// chainCodes says which exit code of loadstone chain a reason has, and what it means.
var chainCodes = []struct {
	reason error
	code   int
	means  string
}{
	{xdpchain.ErrNone, 4, "the interface has no chain, or the chain has no such program"},
	{xdpchain.ErrNotInChain, 4, "the interface has no chain, or the chain has no such program"},
	{xdpchain.ErrForeign, 5, "the interface runs an XDP program that is no chain, or a chain in another way"},
	{xdpchain.ErrMode, 5, "the interface runs an XDP program that is no chain, or a chain in another way"},
	{xdpchain.ErrFull, 6, "the chain would have more than ten programs"},
	{xdpchain.ErrUnreadable, 7, "which programs are in the chain cannot be found out"},
	{xdpchain.ErrConfig, 7, "which programs are in the chain cannot be found out"},
	{xdpchain.ErrBusy, 8, "others keep changing the program of the interface"},
	{xdpchain.ErrProgram, 9, "the loader or the kernel refuses the object"},
	{xdpchain.ErrNotXDP, 9, "the loader or the kernel refuses the object"},
	{xdpchain.ErrRunConfig, 9, "the loader or the kernel refuses the object"},
}

// chainExits returns the part of --help that lists exit codes.
func chainExits() string {
	var b strings.Builder
	b.WriteString("Exit codes:\n")
	fmt.Fprintf(&b, "  %d  done\n", verdict.ExitClean)
	fmt.Fprintf(&b, "  %d  wrong usage, or no such interface\n", verdict.ExitUsage)
	fmt.Fprintf(&b, "  %d  it could not be done", verdict.ExitHarness)
	last := 0
	for _, c := range chainCodes {
		if c.code != last {
			fmt.Fprintf(&b, "\n  %d  %s", c.code, c.means)
		}
		last = c.code
	}
	return b.String()
}

// chainOutcome gives an error of package xdpchain its exit code, and one for which the user lacks
// the right what to do about it.
func chainOutcome(err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, fs.ErrPermission) && os.Geteuid() != 0 {
		return fmt.Errorf("%w (run it as root)", err)
	}
	for _, c := range chainCodes {
		if errors.Is(err, c.reason) {
			return opsError{err, c.code}
		}
	}
	if refused := new(loaderimpl.Error); errors.As(err, &refused) {
		if refused.Class == loaderimpl.ClassIO {
			return usageError{err}
		}
		return opsError{err, exitRefused}
	}
	return err
}

// newChainCommand returns the command chain.
func newChainCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "chain",
		Short: "List, make, change and take apart chains of XDP programs on interfaces",
		Long: `An interface runs one XDP program. This command has several run on it, one after
the other, each still a program of its own: a dispatcher is on the interface, and
the programs stand in the place of its functions (Linux 5.10 or later).

The way is libxdp's: xdp-loader reads, extends and takes apart chains of this
command, and the other way round. It works on the interfaces of the network
namespace that it is called in, not in a guest, and takes root.

Order:
  by priority, from 0 up, then by name. A program runs after another if that
  returned one of its chain call actions; any other verdict ends the chain.
  Both are in the object's section .xdp_run_config, as libxdp has it, or
  priority 50 and pass.

Files:
  /sys/fs/bpf/xdp/dispatch-INTERFACE-PROGRAM/progN-prog, progN-link
      keep the programs of the dispatcher with the id PROGRAM in its slots
  /sys/fs/bpf/xdp/link-INTERFACE
      keeps a chain on its interface that a link holds

` + chainExits(),
		Example: `  loadstone chain list
  loadstone chain show eth0
  loadstone chain add eth0 filter.o count.o
  loadstone chain add eth0 guard.o --priority 5 --actions pass,drop
  loadstone chain remove eth0 filter
  loadstone chain remove eth0 --all`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newChainListCommand(), newChainShowCommand(), newChainAddCommand(),
		newChainRemoveCommand(), newChainCleanCommand())
	return cmd
}

// interfaceNamed returns the index of an interface by its name, or its index.
func interfaceNamed(name string) (int, error) {
	found, err := net.InterfaceByName(name)
	if index, bad := strconv.Atoi(name); err != nil && bad == nil {
		found, err = net.InterfaceByIndex(index)
	}
	if err != nil {
		return 0, usageError{fmt.Errorf("interface %q: %w", name, err)}
	}
	return found.Index, nil
}

// addBPFFSFlag gives a command the flag for where the pins are.
func addBPFFSFlag(cmd *cobra.Command, bpffs *string) {
	cmd.Flags().StringVar(bpffs, "bpffs", xdpchain.DefaultBPFFS,
		"the pins are below the bpffs `DIR`")
}

// completeInterfaces offers the names of the interfaces, for the first argument.
func completeInterfaces(
	_ *cobra.Command, args []string, _ string,
) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveDefault
	}
	all, err := net.Interfaces()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var names []string
	for _, i := range all {
		names = append(names, i.Name)
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}
