// SPDX-License-Identifier: Apache-2.0

package iproute2

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/cilium/ebpf"

	"github.com/loadstone-bpf/loadstone/drivers/command"
	"github.com/loadstone-bpf/loadstone/loader"
)

// A session holds one object, and the namespace that its program is attached in.
type session struct {
	tool  *tool
	open  loader.Open
	mount string // of bpffs

	route   route
	network *command.Network // nil before load
}

// Do implements [command.Session].
func (s *session) Do(ctx context.Context, req loader.Request) (loader.Reply, error) {
	switch r := req.(type) {
	case loader.Load:
		return s.load(ctx)
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
	route, program, lacks := routeOf(object)
	if lacks == nil {
		lacks = s.follow(route)
	}
	if lacks != nil {
		return lacks, nil
	}
	s.route = route
	if s.network, err = command.NewNetwork(); err != nil {
		return nil, err
	}
	reply, err := s.attach(ctx, program)
	if reply == nil && err == nil {
		reply, err = s.held(program, object)
	}
	if _, ok := reply.(*loader.OK); !ok {
		err = errors.Join(err, s.Close(ctx))
	}
	return reply, err
}

// follow returns what the options ask of the loader and this way to load does not do.
func (s *session) follow(r route) *loader.Unsupported {
	o := s.open.Options
	// Folder xdp is a link to tc, so both hold the same pins.
	if o.PinSubdir != "" && o.PinSubdir != r.subdir && o.PinSubdir != "tc" {
		return command.Unsupported("pin_subdir", "pins of this program's kind are below %s, not %s",
			r.subdir, o.PinSubdir)
	}
	return nil
}

// attach runs the command. It returns nil if the command did as asked.
func (s *session) attach(
	ctx context.Context, program command.Program,
) (reply loader.Reply, err error) {
	restore, err := writeIDs(s.open.Options.PinIDs)
	if err != nil {
		return command.Unsupported("pin_ids", "%v", err), nil
	}
	in := command.Environment{Env: []string{"TC_BPF_MNT=" + s.mount}}
	s.network.Do(func() {
		if s.route.prepare != nil {
			var output string
			if output, err = command.Output(ctx, s.route.prepare, in); err != nil {
				err = fmt.Errorf("%s: %w: %s", strings.Join(s.route.prepare, " "), err, output)
				return
			}
		}
		values := command.Values{"object": {s.open.Object}, "section": {program.Section}}
		reply, err = s.route.Run(ctx, loader.OpLoad, values, in)
	})
	return reply, errors.Join(err, restore())
}

// held returns what the kernel holds by now. A map that the program does not use is gone with the
// command, and has no id.
func (s *session) held(program command.Program, object *command.Object) (loader.Reply, error) {
	id, err := s.route.attached(s.network)
	if err != nil {
		return nil, err
	}
	name, err := nameOf(program, id)
	if err != nil {
		return nil, err
	}
	ok := &loader.OK{Programs: []loader.ProgramView{{Name: name, Section: program.Section, ID: id}}}
	if id == 0 { // the command reported success: the suite sees what is missing
		return ok, nil
	}
	if object == nil { // the command could read what we cannot: the kernel names what it holds
		object = new(command.Object)
	}
	ok.Maps, err = command.Held(id, object, elfMapsOf(object).inSlot)
	return ok, err
}

// nameOf returns the name of a program: the object's, or, where that has symbols that cannot be
// read here, the kernel's, or at last that of its section.
func nameOf(p command.Program, id uint32) (string, error) {
	if p.Name != "" || id == 0 {
		return cmp.Or(p.Name, p.Section), nil
	}
	program, err := ebpf.NewProgramFromID(ebpf.ProgramID(id))
	if err != nil {
		return "", fmt.Errorf("name of program %d: %w", id, err)
	}
	defer program.Close()
	info, err := program.Info()
	if err != nil {
		return "", fmt.Errorf("name of program %d: %w", id, err)
	}
	return cmp.Or(info.Name, p.Section), nil
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
	// A command that refused has left nothing to detach: this is refused too.
	var err error
	s.network.Do(func() {
		_, err = s.route.Run(ctx, loader.OpClose, nil, command.Environment{})
	})
	return err
}

// pinningIDs returns iproute2's table of the folders that maps with an id of their own are pinned
// in.
const pinningIDs = "/etc/iproute2/bpf_pinning"

// writeIDs puts a table in the place of iproute2's. The function that it returns puts the old one
// back.
func writeIDs(ids map[string]string) (restore func() error, err error) {
	if len(ids) == 0 {
		return func() error { return nil }, nil
	}
	old, err := os.ReadFile(pinningIDs)
	missing := errors.Is(err, fs.ErrNotExist)
	if err != nil && !missing {
		return nil, err
	}
	var table strings.Builder
	for _, id := range slices.Sorted(maps.Keys(ids)) {
		fmt.Fprintf(&table, "%s\t%s\n", id, ids[id])
	}
	if err := os.MkdirAll("/etc/iproute2", 0o755); err != nil {
		return nil, err
	}
	if err := os.WriteFile(pinningIDs, []byte(table.String()), 0o644); err != nil {
		return nil, err
	}
	return func() error {
		if missing {
			return os.Remove(pinningIDs)
		}
		return os.WriteFile(pinningIDs, old, 0o644)
	}, nil
}
