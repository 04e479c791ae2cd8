// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/cilium/ebpf"
	"github.com/spf13/cobra"

	"github.com/loadstone-bpf/loadstone/loaderimpl/xdpchain"
)

// A chainRemoval tells what chain remove did, for JSON.
type chainRemoval struct {
	Interface string           `json:"interface"`
	Removed   []ebpf.ProgramID `json:"removed"` // of those that have ids: in a static chain none
	Left      *xdpchain.Chain  `json:"left"`    // null where the interface runs no program
}

func newChainRemoveCommand() *cobra.Command {
	var asJSON, all bool
	var bpffs string
	cmd := &cobra.Command{
		Use:   "remove INTERFACE (PROGRAM... | --all)",
		Short: "Take programs out of the chain of an interface, whoever put them there",
		Long: `Take programs out of a chain, by their ids or names, or take the whole chain off.
The interface is switched in one step from the old chain to what is left of it.
With the last program the interface runs none.

A name that several programs of the chain have is refused, with their ids.

` + chainExits(),
		Example: `  loadstone chain remove eth0 filter
  loadstone chain remove eth0 41 42
  loadstone chain remove eth0 --all
  loadstone chain remove eth0 filter --json | jq .left`,
		Args:              cobra.MinimumNArgs(1),
		ValidArgsFunction: completeInterfaces,
		RunE: func(cmd *cobra.Command, args []string) error {
			if all == (len(args) > 1) {
				return usageError{errors.New("name the programs to remove, or give --all")}
			}
			index, err := interfaceNamed(args[0])
			if err != nil {
				return err
			}
			chain, err := xdpchain.Read(index, bpffs)
			if err != nil {
				return chainOutcome(err)
			}
			ids, err := programsNamed(chain, args[1:])
			if err != nil {
				return err
			}
			left, err := xdpchain.Remove(cmd.Context(), index, ids, xdpchain.Options{BPFFS: bpffs})
			if err != nil {
				return chainOutcome(err)
			}
			gone := programsWithout(chain, ids)
			if asJSON {
				return writeJSON(cmd.OutOrStdout(), newChainRemoval(chain, gone, left))
			}
			for _, p := range gone {
				fmt.Fprintf(cmd.OutOrStdout(), "removed %s (%d)\n", programName(p), p.ID)
			}
			if left == nil {
				fmt.Fprintf(cmd.OutOrStdout(), "%s runs no XDP program\n", chain.Interface)
				return nil
			}
			return writeChain(cmd.OutOrStdout(), left)
		},
	}
	addJSONFlag(cmd, &asJSON)
	addBPFFSFlag(cmd, &bpffs)
	cmd.Flags().BoolVar(&all, "all", false, "take the whole chain off")
	return cmd
}

// programsWithout returns the programs that a chain has no more without those of ids: all, where
// there are no ids.
func programsWithout(chain *xdpchain.Chain, ids []ebpf.ProgramID) (gone []xdpchain.Program) {
	for _, p := range chain.Programs {
		if len(ids) == 0 || slices.Contains(ids, p.ID) {
			gone = append(gone, p)
		}
	}
	return gone
}

// newChainRemoval returns what is told of programs that are gone from a chain.
func newChainRemoval(chain *xdpchain.Chain, gone []xdpchain.Program, left *xdpchain.Chain) chainRemoval {
	out := chainRemoval{Interface: chain.Interface, Removed: []ebpf.ProgramID{}, Left: left}
	for _, p := range gone {
		if p.ID != 0 {
			out.Removed = append(out.Removed, p.ID)
		}
	}
	return out
}

// programsNamed returns the ids of programs of a chain, by their ids or names.
func programsNamed(chain *xdpchain.Chain, names []string) ([]ebpf.ProgramID, error) {
	var ids []ebpf.ProgramID
	for _, name := range names {
		var found []ebpf.ProgramID
		id, bad := strconv.ParseUint(name, 10, 32)
		for _, p := range chain.Programs {
			if bad == nil && p.ID == ebpf.ProgramID(id) || p.Name == name {
				found = append(found, p.ID)
			}
		}
		switch len(found) {
		case 0:
			return nil, chainOutcome(fmt.Errorf("%s: %s: %w", chain.Interface, name,
				xdpchain.ErrNotInChain))
		case 1:
			ids = append(ids, found[0])
		default:
			return nil, usageError{fmt.Errorf("%s: several programs are called %s: name one by its id, of %v",
				chain.Interface, name, found)}
		}
	}
	return ids, nil
}

// interfaceOnce returns the index of an interface that may be gone, which only its index names.
func interfaceOnce(name string) (int, error) {
	index, err := interfaceNamed(name)
	if gone, bad := strconv.ParseInt(name, 10, 32); err != nil && bad == nil && gone > 0 {
		return int(gone), nil
	}
	return index, err
}

func newChainCleanCommand() *cobra.Command {
	var asJSON bool
	var bpffs string
	cmd := &cobra.Command{
		Use:   "clean [INTERFACE]",
		Short: "Remove what is left of chains that no interface runs",
		Long: `Remove the pins of dispatchers that are on no interface: of a loader, this or
xdp-loader, that was killed while it changed a chain, or of an interface that is
gone. What an interface runs stays. Without INTERFACE it does so for all; that one
is gone, name it by its index.

Pins of interfaces in another network namespace look like those of interfaces
that are gone: give each namespace a bpffs of its own.

Exit codes: 0 done, though there be nothing; 2 wrong usage; 3 it could not be
done.`,
		Example: `  loadstone chain clean
  loadstone chain clean eth0
  loadstone chain clean 12 --json`,
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: completeInterfaces,
		RunE: func(cmd *cobra.Command, args []string) error {
			index := 0
			if len(args) > 0 {
				var err error
				if index, err = interfaceOnce(args[0]); err != nil {
					return err
				}
			}
			removed, err := xdpchain.Clean(cmd.Context(), index, bpffs)
			if asJSON {
				return errors.Join(chainOutcome(err), writeJSONList(cmd.OutOrStdout(), removed))
			}
			for _, dir := range removed {
				fmt.Fprintf(cmd.OutOrStdout(), "removed %s\n", dir)
			}
			return chainOutcome(err)
		},
	}
	addJSONFlag(cmd, &asJSON)
	addBPFFSFlag(cmd, &bpffs)
	return cmd
}
