// SPDX-License-Identifier: Apache-2.0

package xdptools

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strconv"

	"github.com/vishvananda/netlink"

	"github.com/loadstone-bpf/loadstone/drivers/command"
	"github.com/loadstone-bpf/loadstone/loader"
)

// add puts a program of the object into the chain of an interface.
func (s *session) add(ctx context.Context, r loader.ChainAdd) (loader.Reply, error) {
	device, missing := deviceOf(r.Ifindex)
	if missing != nil {
		return missing, nil
	}
	before, err := s.tool.components(r.Ifindex)
	if err != nil {
		return nil, err
	}
	values := command.Values{
		"mode": nil, "priority": nil, "actions": wordsOf(r.Actions), "pins": s.pinOption(),
		"program": {r.Program}, "device": {device}, "object": {s.open.Object},
	}
	if r.Mode != "" {
		values["mode"] = []string{"-m", string(r.Mode)}
	}
	if r.Priority != 0 {
		values["priority"] = []string{"-P", strconv.Itoa(r.Priority)}
	}
	reply, err := table.Run(ctx, loader.OpChainAdd, values, environment(s.tool.bpffs))
	if reply != nil || err != nil {
		return reply, err
	}
	return s.added(r, before)
}

// added returns the answer about the program that is in the chain now and was not before.
func (s *session) added(r loader.ChainAdd, before []uint32) (loader.Reply, error) {
	now, err := s.tool.components(r.Ifindex)
	if err != nil {
		return nil, err
	}
	object, err := command.ReadObject(s.open.Object)
	if err != nil {
		object = new(command.Object)
	}
	program := command.Program{Name: r.Program}
	for _, p := range object.Programs {
		if p.Name == r.Program {
			program = p
		}
	}
	for _, id := range now {
		if !slices.Contains(before, id) {
			return made(program, id, object)
		}
	}
	return made(program, 0, object) // the suite sees what is missing
}

// components returns the ids of the programs that an interface runs: those of its chain, or the one
// that it runs alone.
func (t *tool) components(ifindex int) ([]uint32, error) {
	link, err := netlink.LinkByIndex(ifindex)
	if err != nil {
		return nil, fmt.Errorf("device %d: %w", ifindex, err)
	}
	xdp := link.Attrs().Xdp
	if xdp == nil || xdp.ProgId == 0 {
		return nil, nil
	}
	all, err := componentsOf(t.bpffs, ifindex, xdp.ProgId)
	if len(all) == 0 {
		all = []uint32{xdp.ProgId}
	}
	return all, err
}

// deviceOf returns the name of an interface.
func deviceOf(ifindex int) (string, *loader.Rejected) {
	device, err := net.InterfaceByIndex(ifindex)
	if err != nil { // a user of the command has no name to give it
		return "", &loader.Rejected{Stage: loader.AtCommand, Class: loader.NotFound,
			Message: fmt.Sprintf("device %d: %v", ifindex, err)}
	}
	return device.Name, nil
}

// Chain implements [command.Chainer].
func (t *tool) Chain(ctx context.Context, req loader.Request) (loader.Reply, error) {
	switch r := req.(type) {
	case loader.ChainRemove:
		which := []string{"-a"} // all
		if r.ID != 0 {
			which = []string{"-i", strconv.FormatUint(uint64(r.ID), 10)}
		}
		return t.run(ctx, loader.OpChainRemove, r.Ifindex, which)
	case loader.ChainClean:
		return t.run(ctx, loader.OpChainClean, r.Ifindex, nil)
	}
	return command.Unsupported(loader.Feature(req.Op()), "the command has no such operation"), nil
}

// run has the command do something to the chain of an interface.
func (t *tool) run(
	ctx context.Context, op loader.Op, ifindex int, which []string,
) (loader.Reply, error) {
	values := command.Values{"which": which, "device": nil} // clean does all, if none is named
	if device, missing := deviceOf(ifindex); missing == nil {
		values["device"] = []string{device}
	} else if op != loader.OpChainClean {
		return missing, nil
	}
	reply, err := table.Run(ctx, op, values, environment(t.bpffs))
	if reply != nil || err != nil {
		return reply, err
	}
	return &loader.OK{}, nil
}

// Query implements [command.Querier].
func (t *tool) Query(ctx context.Context, r loader.Query) (loader.Reply, error) {
	if r.What != "chain" {
		return command.Unsupported(loader.Feature(loader.OpQuery), "no command tells of %s", r.What),
			nil
	}
	device, missing := deviceOf(r.Ifindex)
	if missing != nil {
		return missing, nil
	}
	output, refused, err := table.Ask(ctx, loader.OpQuery, command.Values{"device": {device}},
		environment(t.bpffs))
	if refused != nil || err != nil {
		return refused, err
	}
	answer, err := parseStatus(output)
	if err != nil {
		return nil, err
	}
	return &loader.OK{Answer: answer}, nil
}
