// SPDX-License-Identifier: Apache-2.0

package reference

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"

	"github.com/cilium/ebpf"

	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/loaderimpl"
	"github.com/loadstone-bpf/loadstone/loaderimpl/xdpchain"
)

// modes translate the protocol's modes of XDP.
var modes = map[loader.XDPMode]loaderimpl.XDPMode{
	"": loaderimpl.XDPDefault, loader.NativeMode: loaderimpl.XDPNative,
	loader.SKBMode: loaderimpl.XDPGeneric,
}

// chainAdd puts a program of a session into the chain of an interface.
func (s *session) chainAdd(ctx context.Context, q loader.ChainAdd, bpffs string) loader.Reply {
	mode, known := modes[q.Mode]
	switch {
	case s.loaded != nil:
		return &loader.Error{Message: "the session is loaded"}
	case !known:
		return &loader.Unsupported{Feature: loader.Feature("mode/" + q.Mode), Reason: notYet}
	case s.asked.KernelTypes != "":
		return &loader.Unsupported{Feature: loader.CustomBTF, Reason: notYet}
	case len(s.asked.ExtraTypes) > 0:
		return &loader.Unsupported{Feature: loader.SplitBTF, Reason: notYet}
	case q.Priority < 0:
		return &loader.Error{Message: "the priority is less than 0"}
	}
	add := xdpchain.Component{Object: s.object, Program: q.Program, TokenPath: s.asked.TokenPath}
	if q.Priority != 0 {
		priority := uint32(q.Priority)
		add.Priority = &priority
	}
	if len(q.Actions) > 0 {
		names := make([]string, len(q.Actions))
		for i, a := range q.Actions {
			names[i] = string(a)
		}
		actions, err := xdpchain.ParseActions(names)
		if err != nil {
			return chainRejected(err)
		}
		add.Actions = &actions
	}
	_, made, err := xdpchain.Add(ctx, q.Ifindex, []xdpchain.Component{add},
		xdpchain.Options{BPFFS: bpffs, Mode: mode})
	if err := errors.Join(err, s.dropGiven()); err != nil {
		for _, m := range made {
			err = errors.Join(err, m.Close())
		}
		return chainRejected(err)
	}
	s.loaded = made[0]
	ok, err := s.views()
	if err != nil {
		return &loader.Error{Message: err.Error()}
	}
	return ok
}

// chainRemove takes a program out of the chain of an interface, or all.
func (r *reference) chainRemove(ctx context.Context, q loader.ChainRemove) loader.Reply {
	var ids []ebpf.ProgramID
	if q.ID != 0 {
		ids = append(ids, ebpf.ProgramID(q.ID))
	}
	_, err := xdpchain.Remove(ctx, q.Ifindex, ids, xdpchain.Options{BPFFS: r.bpffs})
	if err != nil {
		return chainRejected(err)
	}
	return &loader.OK{}
}

// chainClean removes what is left of chains that the interface does not run.
func (r *reference) chainClean(ctx context.Context, q loader.ChainClean) loader.Reply {
	if _, err := xdpchain.Clean(ctx, q.Ifindex, r.bpffs); err != nil {
		return chainRejected(err)
	}
	return &loader.OK{}
}

// chain answers what the loader knows of the chain on an interface.
func (r *reference) chain(ifindex int) loader.Reply {
	chain, err := xdpchain.Read(ifindex, r.bpffs)
	if errors.Is(err, xdpchain.ErrNone) || errors.Is(err, xdpchain.ErrForeign) {
		chain, err = &xdpchain.Chain{Programs: []xdpchain.Program{}}, nil
	}
	if err != nil {
		return chainRejected(err)
	}
	answer, err := asOnWire(chain)
	if err != nil {
		return &loader.Error{Message: err.Error()}
	}
	return &loader.OK{Answer: answer}
}

// asOnWire returns a chain as a reader of JSON has it: the suite gets the same of a loader that is
// linked in as of one that is a process.
func asOnWire(chain *xdpchain.Chain) (answer any, err error) {
	text, err := json.Marshal(chain)
	if err == nil {
		err = json.Unmarshal(text, &answer)
	}
	return answer, err
}

// chainClasses say which class a refusal of package xdpchain has, and at which stage.
var chainClasses = []struct {
	reason error
	stage  loader.Stage
	class  loader.Class
}{
	{xdpchain.ErrFull, loader.AtAttach, loader.Limit},
	{xdpchain.ErrForeign, loader.AtAttach, loader.Busy},
	{xdpchain.ErrMode, loader.AtAttach, loader.Busy},
	{xdpchain.ErrBusy, loader.AtAttach, loader.Busy},
	{xdpchain.ErrNone, loader.AtAttach, loader.NotFound},
	{xdpchain.ErrNotInChain, loader.AtAttach, loader.NotFound},
	{xdpchain.ErrUnreadable, loader.AtAttach, loader.NotFound},
	{xdpchain.ErrConfig, loader.AtAttach, loader.NotSupported},
	{xdpchain.ErrBPFFS, loader.AtAttach, loader.Invalid},
	{xdpchain.ErrProgram, loader.AtOpen, loader.NotFound},
	{xdpchain.ErrNotXDP, loader.AtOpen, loader.Invalid},
	{xdpchain.ErrRunConfig, loader.AtOpen, loader.Invalid},
	{xdpchain.ErrAction, loader.AtOpen, loader.Invalid},
}

// chainRejected translates a refusal of a change to a chain.
func chainRejected(err error) loader.Reply {
	for _, c := range chainClasses {
		if errors.Is(err, c.reason) {
			return &loader.Rejected{Stage: c.stage, Class: c.class, Message: err.Error()}
		}
	}
	if e := new(loaderimpl.Error); errors.As(err, &e) {
		return rejected(err)
	}
	class, errno := kernelClass(err)
	return &loader.Rejected{Stage: loader.AtAttach, Class: class, Errno: errno,
		Message: err.Error()}
}

// pinsBelow returns the bpffs that a conversation has for its pins.
func pinsBelow(dirs loader.Dirs) string { return cmp.Or(dirs.BPFFS, xdpchain.DefaultBPFFS) }
