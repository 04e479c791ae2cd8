// SPDX-License-Identifier: Apache-2.0

package xdptools

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/loadstone-bpf/loadstone/drivers/command"
	"github.com/loadstone-bpf/loadstone/loader"
)

// A session holds one object.
type session struct {
	tool *tool
	open loader.Open

	network *command.Network // that the object is loaded in; nil before load
}

// Do implements [command.Session].
func (s *session) Do(ctx context.Context, req loader.Request) (loader.Reply, error) {
	switch r := req.(type) {
	case loader.Load:
		return s.load(ctx)
	case loader.ChainAdd:
		return s.add(ctx, r)
	case loader.Set:
		return command.Unsupported(loader.Feature(r.Attr),
			"a command reads the object as it stands"), nil
	case loader.Attach:
		return command.Unsupported(loader.Feature(r.Kind),
			"the command has attached what it has loaded, and attaches nothing else"), nil
	case loader.Pin:
		return command.Unsupported(loader.Pinning, "what is pinned is said in the object"), nil
	case loader.Unpin:
		return command.Unpin(r.Path), nil
	}
	return command.Unsupported(loader.Feature(req.Op()), "the command has no such operation"), nil
}

// load loads the object by attaching its program.
func (s *session) load(ctx context.Context) (loader.Reply, error) {
	if s.network != nil {
		return nil, errors.New("loaded already")
	}
	object, err := command.ReadObject(s.open.Object)
	if err != nil {
		object = nil
	}
	program, lacks := onlyProgram(object)
	if lacks != nil {
		return lacks, nil
	}
	if s.network, err = command.NewNetwork(); err != nil {
		return nil, err
	}
	values := command.Values{
		"mode": {"-m", "skb"}, "priority": nil, "actions": nil, "pins": s.pinOption(),
		"program": {program.Name}, "device": {command.Device}, "object": {s.open.Object},
	}
	var reply loader.Reply
	s.network.Do(func() {
		reply, err = table.Run(ctx, loader.OpChainAdd, values, alone)
	})
	if reply == nil && err == nil {
		reply, err = s.held(program, object)
	}
	if _, ok := reply.(*loader.OK); !ok {
		err = errors.Join(err, s.Close(ctx))
	}
	return reply, err
}

// onlyProgram returns the program of an object that has one. An object that cannot be read is left
// to the command, which refuses it.
func onlyProgram(o *command.Object) (command.Program, *loader.Unsupported) {
	switch {
	case o == nil:
		return command.Program{Name: "none"}, nil
	case len(o.Programs) != 1:
		return command.Program{}, command.Unsupported("one-program",
			"xdp-loader loads a program to attach it, and the object has %d", len(o.Programs))
	}
	kind, _, _ := strings.Cut(o.Programs[0].Section, "/")
	if !slices.Contains([]string{"xdp", "xdp.frags"}, kind) {
		return command.Program{}, command.Unsupported("program-type",
			"xdp-loader loads XDP programs, not %s", o.Programs[0].Section)
	}
	return o.Programs[0], nil
}

// alone has the command attach a program without a dispatcher, as one of type XDP.
var alone = command.Environment{Env: []string{"LIBXDP_SKIP_DISPATCHER=1"}}

// pinOption has maps pinned that ask for it, where the options name a folder for them.
func (s *session) pinOption() []string {
	if s.open.Options.PinRoot == "" {
		return nil
	}
	return []string{"-p", s.open.Options.PinRoot}
}

// held returns what the kernel holds by now.
func (s *session) held(program command.Program, object *command.Object) (loader.Reply, error) {
	id, err := s.network.AttachedXDP()
	if err != nil {
		return nil, err
	}
	return made(program, id, object)
}

// made returns the answer for a program that the kernel has now.
func made(program command.Program, id uint32, object *command.Object) (loader.Reply, error) {
	ok := &loader.OK{
		Programs: []loader.ProgramView{{Name: program.Name, Section: program.Section, ID: id}},
	}
	if id == 0 { // the command reported success: the suite sees what is missing
		return ok, nil
	}
	if object == nil { // the command could read what we cannot: the kernel names what it holds
		object = new(command.Object)
	}
	var err error
	ok.Maps, err = command.Held(id, object, nil)
	return ok, err
}

// Close detaches the program and gives the namespace up.
func (s *session) Close(ctx context.Context) error {
	if s.network == nil {
		return nil
	}
	defer func() {
		s.network.Close()
		s.network = nil
	}()
	// A command that refused has left nothing to unload: this is refused too.
	var err error
	s.network.Do(func() {
		values := command.Values{"which": {"-a"}, "device": {command.Device}}
		_, err = table.Run(ctx, loader.OpChainRemove, values, alone)
	})
	return err
}
