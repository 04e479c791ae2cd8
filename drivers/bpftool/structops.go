// SPDX-License-Identifier: Apache-2.0

package bpftool

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strconv"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"

	"github.com/loadstone-bpf/loadstone/drivers/command"
	"github.com/loadstone-bpf/loadstone/loader"
)

// structOps lists what is run for structures of the kernel's whose functions are programs.
// struct_ops register loads an object and registers all its structures; the links of those that a
// link registers are pinned in a folder, from bpftool 7.2 on. A link has no command to end it but
// the removal of its pin.
var structOps = command.Table{
	Argv: map[loader.Op][]string{
		loader.OpLoad:   {bpftool, "struct_ops", "register", "{object}", "{links}"},
		loader.OpDetach: {bpftool, "struct_ops", "unregister", "id", "{id}"},
		loader.OpQuery:  {bpftool, "-j", "struct_ops", "show"},
		loader.OpPin:    {bpftool, "link", "pin", "id", "{id}", "{path}"},
	},
	Refuses: command.NegatedErrnos(),
}

// A structure is one that the command has registered.
type structure struct {
	mapID  uint32
	linkID uint32 // 0 where its map registers it
	pin    string // of the link, below the root of pins
}

// register loads an object with structures, which registers them.
func (s *session) register(ctx context.Context, o *command.Object) (loader.Reply, error) {
	if s.types != nil || s.reuse != nil {
		return command.Unsupported(loader.StructOps, "struct_ops register has no options"), nil
	}
	known, err := newest()
	if err != nil {
		return nil, err
	}
	s.folder = s.open.Session
	if err := os.MkdirAll(s.tool.pins.ours(s.links("")), 0o700); err != nil {
		return nil, fmt.Errorf("make a folder of pins: %w", err)
	}
	values := command.Values{"object": {s.open.Object}, "links": nil}
	if pinsLinks(s.tool.version) {
		values["links"] = []string{s.tool.pins.theirs(s.links(""))}
	}
	reply, err := structOps.Run(ctx, loader.OpLoad, values,
		command.Environment{Files: []*os.File{s.tool.pins.root}})
	if err != nil {
		return nil, err
	}
	made, err := s.registered(o, known)
	if reply != nil { // what is registered all the same is taken back when the session is closed
		return reply, err
	}
	s.loaded = made
	return made, err
}

// links returns the path of the link of a structure, as the command names it, below the root of
// pins; of their folder for "".
func (s *session) links(structure string) string { return s.folder + "/links/" + structure }

// registered returns what the command has made, and keeps what it has registered.
func (s *session) registered(o *command.Object, known ids) (*loader.OK, error) {
	ok := &loader.OK{}
	var err error
	if ok.Maps, err = newMaps(o, known.maps); err != nil {
		return nil, err
	}
	if ok.Programs, err = newPrograms(o, known.programs); err != nil {
		return nil, err
	}
	for _, m := range ok.Maps {
		has := structure{mapID: m.ID}
		pin := s.links(command.Cut(m.Name))
		l, err := link.LoadPinnedLink(s.tool.pins.ours(pin), nil)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return nil, fmt.Errorf("link of %s: %w", m.Name, err)
		default:
			info, err := l.Info()
			if err := errors.Join(err, l.Close()); err != nil {
				return nil, fmt.Errorf("link of %s: %w", m.Name, err)
			}
			has.linkID, has.pin = uint32(info.ID), pin
		}
		s.structures[m.Name] = has
	}
	return ok, nil
}

// attachStructure answers what load has done.
func (s *session) attachStructure(name string) (loader.Reply, error) {
	_, isRegistered := s.structures[name]
	switch {
	case s.loaded == nil || !s.hasStructure(name):
		return missing("structure", name), nil
	case !isRegistered || slices.Contains(slices.Collect(maps.Values(s.handed)), name):
		return command.Unsupported(loader.StructOps,
			"struct_ops register registers all structures of an object, each once"), nil
	}
	s.handles++
	handle := strconv.Itoa(s.handles)
	s.handed[handle] = name
	return &loader.OK{Handle: handle, LinkID: s.structures[name].linkID}, nil
}

// hasStructure reports whether the object that was loaded has a structure of that name.
func (s *session) hasStructure(name string) bool {
	_, ok := s.loaded.Map(name)
	return ok
}

// unregister takes a structure back.
func (s *session) unregister(ctx context.Context, name string) (loader.Reply, error) {
	has := s.structures[name]
	delete(s.structures, name)
	if has.pin != "" {
		return command.Unpin(s.tool.pins.ours(has.pin)), nil
	}
	return done(structOps.Run(ctx, loader.OpDetach,
		command.Values{"id": {strconv.FormatUint(uint64(has.mapID), 10)}}, command.Environment{}))
}

// unregisterAll takes back what is still registered.
func (s *session) unregisterAll(ctx context.Context) error {
	var errs []error
	for name := range s.structures {
		_, err := s.unregister(ctx, name)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// pinLink pins the link of a structure.
func (s *session) pinLink(ctx context.Context, r loader.Pin) (loader.Reply, error) {
	has := s.structures[s.handed[r.Name]]
	if has.linkID == 0 {
		return missing("link of handle", r.Name), nil
	}
	reply, err := structOps.Run(ctx, loader.OpPin, command.Values{
		"id": {strconv.FormatUint(uint64(has.linkID), 10)}, "path": {r.Path},
	}, command.Environment{})
	if reply == nil && err == nil {
		s.pins = append(s.pins, r.Path)
	}
	return done(reply, err)
}

// answerOf reads what struct_ops show prints: [{"id":12,"name":"ca","kernel_struct_ops":…},…], or
// nothing where there is none.
func answerOf(output string) (loader.Reply, error) {
	var shown []struct {
		ID   uint32 `json:"id"`
		Name string `json:"name"`
		Type string `json:"kernel_struct_ops"`
	}
	if output != "" {
		if err := json.Unmarshal([]byte(output), &shown); err != nil {
			return nil, fmt.Errorf("what struct_ops show prints: %w: %q", err, output)
		}
	}
	answer := []any{}
	for _, one := range shown {
		answer = append(answer,
			map[string]any{"id": one.ID, "name": one.Name, "type": one.Type})
	}
	return &loader.OK{Answer: answer}, nil
}

// ids are those of the newest map and program of the kernel.
type ids struct {
	maps     ebpf.MapID
	programs ebpf.ProgramID
}

// newest returns the ids after which a command's own come.
func newest() (all ids, err error) {
	for {
		next, err := ebpf.MapGetNextID(all.maps)
		if errors.Is(err, fs.ErrNotExist) {
			break
		}
		if err != nil {
			return all, err
		}
		all.maps = next
	}
	for {
		next, err := ebpf.ProgramGetNextID(all.programs)
		if errors.Is(err, fs.ErrNotExist) {
			return all, nil
		}
		if err != nil {
			return all, err
		}
		all.programs = next
	}
}

// newMaps returns the maps of the object's structures that were made after the map of that id.
func newMaps(o *command.Object, after ebpf.MapID) ([]loader.MapView, error) {
	views := []loader.MapView{}
	for id, err := ebpf.MapGetNextID(after); ; id, err = ebpf.MapGetNextID(id) {
		if errors.Is(err, fs.ErrNotExist) {
			return views, nil
		}
		if err != nil {
			return nil, err
		}
		m, err := ebpf.NewMapFromID(id)
		if errors.Is(err, fs.ErrNotExist) {
			continue // gone meanwhile
		}
		if err != nil {
			return nil, err
		}
		info, err := m.Info()
		if err := errors.Join(err, m.Close()); err != nil {
			return nil, err
		}
		for _, name := range o.Structures {
			if info.Type == ebpf.StructOpsMap && info.Name == command.Cut(name) {
				views = append(views, loader.MapView{Name: name, ID: uint32(id)})
			}
		}
	}
}

// newPrograms returns the object's functions of structures that were loaded after the program of
// that id.
func newPrograms(o *command.Object, after ebpf.ProgramID) ([]loader.ProgramView, error) {
	views := []loader.ProgramView{}
	for id, err := ebpf.ProgramGetNextID(after); ; id, err = ebpf.ProgramGetNextID(id) {
		if errors.Is(err, fs.ErrNotExist) {
			return views, nil
		}
		if err != nil {
			return nil, err
		}
		p, err := ebpf.NewProgramFromID(id)
		if errors.Is(err, fs.ErrNotExist) {
			continue // gone meanwhile
		}
		if err != nil {
			return nil, err
		}
		info, err := p.Info()
		if err := errors.Join(err, p.Close()); err != nil {
			return nil, err
		}
		program, ok := o.Program(info.Name)
		if ok && info.Type == ebpf.StructOps {
			views = append(views, loader.ProgramView{Name: program.Name, ID: uint32(id),
				Section: program.Section})
		}
	}
}
