// SPDX-License-Identifier: Apache-2.0

package reference

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"

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
	if !known {
		return &loader.Unsupported{Feature: loader.Feature("mode/" + q.Mode), Reason: notYet}
	}
	add, refusal := s.component(q.Program, q.Priority, q.Actions)
	if refusal != nil {
		return refusal
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

// component returns a program of a session as a part of a chain.
func (s *session) component(program string, priority int, actions []loader.XDPAction) (
	xdpchain.Component, loader.Reply,
) {
	c := xdpchain.Component{Object: s.object, Program: program, TokenPath: s.asked.TokenPath}
	switch {
	case s.loaded != nil:
		return c, &loader.Error{Message: "the session is loaded"}
	case s.asked.KernelTypes != "":
		return c, &loader.Unsupported{Feature: loader.CustomBTF, Reason: notYet}
	case len(s.asked.ExtraTypes) > 0:
		return c, &loader.Unsupported{Feature: loader.SplitBTF, Reason: notYet}
	case priority < 0:
		return c, &loader.Error{Message: "the priority is less than 0"}
	case priority > 0:
		own := uint32(priority)
		c.Priority = &own
	}
	if len(actions) == 0 {
		return c, nil
	}
	names := make([]string, len(actions))
	for i, a := range actions {
		names[i] = string(a)
	}
	own, err := xdpchain.ParseActions(names)
	if err != nil {
		return c, chainRejected(err)
	}
	c.Actions = &own
	return c, nil
}

// chainLink links programs of sessions into one, for an interface. The interface keeps it: what was
// loaded is closed.
func (r *reference) chainLink(ctx context.Context, q loader.ChainLink) loader.Reply {
	mode, known := modes[q.Mode]
	if !known {
		return &loader.Unsupported{Feature: loader.Feature("mode/" + q.Mode), Reason: notYet}
	}
	parts := make([]xdpchain.Component, len(q.Programs))
	for i, p := range q.Programs {
		refusal := r.inSession(p.Session, func(s *session) (refusal loader.Reply) {
			parts[i], refusal = s.component(p.Program, p.Priority, p.Actions)
			return refusal
		})
		if refusal != nil {
			return refusal
		}
	}
	_, made, err := xdpchain.AddStatic(ctx, q.Ifindex, parts,
		xdpchain.Options{BPFFS: r.bpffs, Mode: mode})
	if made == nil {
		return chainRejected(err)
	}
	ok := &loader.OK{}
	for name, p := range made.Programs {
		id, idErr := programID(p)
		ok.Programs = append(ok.Programs, loader.ProgramView{Name: name, ID: id})
		err = errors.Join(err, idErr)
	}
	for _, name := range slices.Sorted(maps.Keys(made.Maps)) {
		id, idErr := mapID(made.Maps[name])
		ok.Maps = append(ok.Maps, loader.MapView{Name: name, ID: id})
		err = errors.Join(err, idErr)
	}
	for name, m := range made.Maps {
		if m.Type() == ebpf.ProgramArray {
			r.arrays = append(r.arrays, m)
			delete(made.Maps, name)
		}
	}
	if err := errors.Join(err, made.Close()); err != nil {
		return chainRejected(err)
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
