// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/loadstone-bpf/loadstone/loaderimpl"
	"github.com/loadstone-bpf/loadstone/loaderimpl/xdpchain"
)

// A chainAddition holds the arguments of chain add.
type chainAddition struct {
	program  string
	priority uint32
	actions  []string
	mode     string
	by       string
	static   bool
	options  xdpchain.Options
}

// xdpModes are the values of --mode.
var xdpModes = map[string]loaderimpl.XDPMode{
	"default": loaderimpl.XDPDefault, "native": loaderimpl.XDPNative, "skb": loaderimpl.XDPGeneric,
}

func newChainAddCommand() *cobra.Command {
	var add chainAddition
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "add INTERFACE OBJECT...",
		Short: "Put XDP programs into the chain of an interface",
		Long: `Load one XDP program of each object as a part of the chain of an interface, and
switch the interface from the old chain to the new in one step: each packet meets
one of the two. Where there is no chain one is made. All programs are added, or
none; what fails or is interrupted leaves the interface as it was.

A chain takes ten programs. It runs packets of several buffers (xdp.frags) if all
of its programs do.

With --static the objects are linked into one program, which is faster to call and
takes no extensions of the kernel; its programs have no ids and no counts of their
own, and the chain is made and taken off as a whole. A static chain before it is
replaced by the new one. xdp-loader takes it for a program of its own kind.

A new chain is attached by netlink, as libxdp's are. One by a link cannot be
replaced by netlink, not even by ip or xdp-loader: xdp-loader shows it and takes
it off, and no more. The dispatcher of a new chain is of version 3, which libxdp
reads from 1.6 on; --libxdp 2 makes one for libxdp up to 1.5. A chain that is
there keeps its version, its mode and how it is attached.

` + chainExits(),
		Example: `  loadstone chain add eth0 filter.o count.o
  loadstone chain add eth0 many.o --program filter --priority 5
  loadstone chain add eth0 count.o --actions pass,drop,tx
  loadstone chain add eth0 count.o --mode skb --libxdp 2
  loadstone chain add eth0 filter.o count.o --static
  loadstone chain add eth0 count.o --json | jq '.programs[].id'`,
		Args:              cobra.MinimumNArgs(2),
		ValidArgsFunction: completeInterfaces,
		RunE: func(cmd *cobra.Command, args []string) error {
			index, err := interfaceNamed(args[0])
			if err != nil {
				return err
			}
			parts, err := add.components(cmd, args[1:])
			if err != nil {
				return err
			}
			chain, err := add.add(cmd.Context(), index, parts)
			if err != nil {
				return chainOutcome(err)
			}
			if asJSON {
				return writeJSON(cmd.OutOrStdout(), chain)
			}
			return writeChain(cmd.OutOrStdout(), chain)
		},
	}
	addJSONFlag(cmd, &asJSON)
	addBPFFSFlag(cmd, &add.options.BPFFS)
	flags := cmd.Flags()
	flags.StringVar(&add.program, "program", "", "add the program `NAME`, of an object that has several")
	flags.Uint32Var(&add.priority, "priority", 0, "run at priority `N`, whatever the object says")
	flags.StringSliceVar(&add.actions, "actions", nil,
		"run the next program after `VERDICTS`, whatever the object says: aborted, drop, pass, tx, redirect")
	flags.StringVar(&add.mode, "mode", "default", "attach a new chain in `MODE`: native, skb or default")
	flags.StringVar(&add.by, "by", "netlink", "attach a new chain by `WAY`: netlink or link")
	flags.BoolVar(&add.static, "static", false, "link the objects into one program, and replace a static chain")
	flags.IntVar(&add.options.Version, "libxdp", 3, "make a new dispatcher of libxdp's version `N`: 2 or 3")
	return cmd
}

// add adds programs, and gives up what was loaded: the chain keeps what it needs of it.
func (a *chainAddition) add(ctx context.Context, index int, parts []xdpchain.Component) (
	*xdpchain.Chain, error) {
	if a.static {
		chain, made, err := xdpchain.AddStatic(ctx, index, parts, a.options)
		if made != nil {
			err = errors.Join(err, made.Close())
		}
		return chain, err
	}
	chain, made, err := xdpchain.Add(ctx, index, parts, a.options)
	for _, m := range made {
		err = errors.Join(err, m.Close())
	}
	return chain, err
}

// components opens the objects, and checks what was asked for.
func (a *chainAddition) components(cmd *cobra.Command, paths []string) ([]xdpchain.Component, error) {
	mode, known := xdpModes[a.mode]
	switch {
	case !known:
		return nil, usageError{fmt.Errorf("--mode %s: want native, skb or default", a.mode)}
	case a.by != "netlink" && a.by != "link":
		return nil, usageError{fmt.Errorf("--by %s: want netlink or link", a.by)}
	case a.options.Version != 2 && a.options.Version != 3:
		return nil, usageError{fmt.Errorf("--libxdp %d: want 2 or 3", a.options.Version)}
	}
	a.options.Mode, a.options.ByLink = mode, a.by == "link"
	actions, err := xdpchain.ParseActions(a.actions)
	if err != nil {
		return nil, usageError{fmt.Errorf("--actions: %w", err)}
	}
	parts := make([]xdpchain.Component, len(paths))
	for i, path := range paths {
		object, err := loaderimpl.Open([]string{path}, loaderimpl.Options{PinRoot: a.options.BPFFS})
		if err != nil {
			return nil, chainOutcome(err)
		}
		parts[i] = xdpchain.Component{Object: object, Program: a.program}
		if cmd.Flags().Changed("priority") {
			parts[i].Priority = &a.priority
		}
		if cmd.Flags().Changed("actions") {
			parts[i].Actions = &actions
		}
	}
	return parts, nil
}
