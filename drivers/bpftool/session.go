// SPDX-License-Identifier: Apache-2.0

package bpftool

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"

	"github.com/loadstone-bpf/loadstone/drivers/command"
	"github.com/loadstone-bpf/loadstone/loader"
)

// A session holds one object, and the folder of its pins.
type session struct {
	tool *tool
	open loader.Open

	reuse []string // arguments: map name NAME pinned PATH
	types []string // arguments: type TYPE

	folder   string                    // of its pins; empty before load
	pins     []string                  // paths that were asked for
	loaded   *loader.OK                // nil before load
	attached map[string]command.Values // by handle
	stay     map[string]bool           // of those, what stays when the session is closed
	handles  int                       // given out so far

	structures map[string]structure // that are registered, by name
	handed     map[string]string    // names of those, by handle
}

// Do implements [command.Session].
func (s *session) Do(ctx context.Context, req loader.Request) (loader.Reply, error) {
	switch r := req.(type) {
	case loader.Set:
		return s.set(r), nil
	case loader.Load:
		return s.load(ctx)
	case loader.Attach:
		return s.attach(ctx, r)
	case loader.Detach:
		return s.detach(ctx, r.Handle)
	case loader.Pin:
		return s.pin(ctx, r)
	case loader.Unpin:
		return s.unpin(r), nil
	}
	return command.Unsupported(loader.Feature(req.Op()), "the command has no such operation"), nil
}

// set keeps what load is to be told.
func (s *session) set(r loader.Set) loader.Reply {
	text, isText := r.Value.(string)
	switch {
	case r.Target == "map" && r.Attr == loader.Reuse && isText:
		s.reuse = append(s.reuse, "map", "name", r.Name, "pinned", text)
	case r.Target == "program" && r.Attr == loader.ProgramType && isText:
		s.types = []string{"type", text}
	default:
		return command.Unsupported(loader.Feature(r.Attr), "prog load has no option for it")
	}
	return &loader.OK{}
}

// load loads the object: one with a single program by load, any other by loadall.
func (s *session) load(ctx context.Context) (loader.Reply, error) {
	if s.folder != "" {
		return nil, errors.New("loaded already")
	}
	object, err := command.ReadObject(s.open.Object)
	if err != nil {
		object = &command.Object{} // the command itself will refuse it, or not
	}
	if lacks := s.lacks(object); lacks != nil {
		return lacks, nil
	}
	if len(object.Structures) > 0 {
		return s.register(ctx, object)
	}
	s.folder = s.open.Session
	if err := os.Mkdir(s.tool.pins.ours(s.folder), 0o700); err != nil {
		return nil, fmt.Errorf("make a folder of pins: %w", err)
	}
	reply, err := table.Run(ctx, loader.OpLoad, s.values(object),
		command.Environment{Files: []*os.File{s.tool.pins.root}})
	if reply == nil && err == nil {
		reply, err = s.pinned(object)
	}
	return reply, err
}

// lacks returns what the command cannot be told about an object.
func (s *session) lacks(o *command.Object) *loader.Unsupported {
	switch {
	case o.PinnedByName:
		return command.Unsupported(loader.Pinning,
			"maps are pinned by name in /sys/fs/bpf, and prog load has no option for another folder")
	case s.types != nil && len(o.Programs) != 1:
		return command.Unsupported(loader.Feature(loader.ProgramType),
			"prog loadall has one type for all programs, and the object has %d", len(o.Programs))
	}
	return nil
}

func (s *session) values(o *command.Object) command.Values {
	load := "loadall"
	if len(o.Programs) == 1 {
		load = "load"
	}
	values := command.Values{
		"load": {load}, "object": {s.open.Object}, "options": nil, "type": s.types,
		"reuse":    s.reuse,
		"programs": {s.tool.pins.theirs(s.folder + "/programs")},
		"maps":     {s.tool.pins.theirs(s.folder + "/maps")},
	}
	if s.open.Options.IgnoreUnknownFields {
		values["options"] = []string{"--mapcompat"}
	}
	return values
}

// pinned returns what the command has made, by its pins.
func (s *session) pinned(o *command.Object) (loader.Reply, error) {
	ok := &loader.OK{}
	var err error
	if ok.Maps, err = s.tool.pins.maps(s.folder+"/maps", o); err != nil {
		return nil, err
	}
	if ok.Programs, err = s.tool.pins.programs(s.folder+"/programs", o); err != nil {
		return nil, err
	}
	s.loaded = ok
	return ok, nil
}

// id returns the kernel's id of a loaded map or program; empty if there is none of that name.
func (s *session) id(target, name string) string {
	if s.loaded == nil {
		return ""
	}
	if m, ok := s.loaded.Map(name); target == "map" && ok && m.ID != 0 {
		return strconv.FormatUint(uint64(m.ID), 10)
	}
	for _, p := range s.loaded.Programs {
		if target == "program" && p.Name == name && p.ID != 0 {
			return strconv.FormatUint(uint64(p.ID), 10)
		}
	}
	return ""
}

func (s *session) pin(ctx context.Context, r loader.Pin) (loader.Reply, error) {
	if r.Target == "link" {
		return s.pinLink(ctx, r)
	}
	id := s.id(r.Target, r.Name)
	if id == "" {
		return missing(r.Target, r.Name), nil
	}
	word := map[string]string{"map": "map", "program": "prog"}[r.Target]
	reply, err := table.Run(ctx, loader.OpPin,
		command.Values{"target": {word}, "id": {id}, "path": {r.Path}}, command.Environment{})
	if reply == nil && err == nil {
		s.pins = append(s.pins, r.Path)
	}
	return done(reply, err)
}

// unpin removes a pin that this session has made: rm would take any.
func (s *session) unpin(r loader.Unpin) loader.Reply {
	if !slices.Contains(s.pins, r.Path) {
		return missing("pin", r.Path)
	}
	return command.Unpin(r.Path)
}

func (s *session) attach(ctx context.Context, r loader.Attach) (loader.Reply, error) {
	if r.Kind == "struct_ops" {
		return s.attachStructure(r.Program)
	}
	if r.Kind != "xdp" {
		return command.Unsupported(loader.Feature(r.Kind),
			"this driver attaches XDP programs and structures only"), nil
	}
	kind, lacks := kindOf(r)
	if lacks != nil {
		return lacks, nil
	}
	id := s.id("program", r.Program)
	if id == "" {
		return missing("program", r.Program), nil
	}
	device, err := net.InterfaceByIndex(r.Ifindex)
	if err != nil {
		return nil, fmt.Errorf("device %d: %w", r.Ifindex, err)
	}
	values := command.Values{"kind": {kind}, "id": {id}, "device": {device.Name}}
	reply, err := table.Run(ctx, loader.OpAttach, values, command.Environment{})
	if reply != nil || err != nil {
		return reply, err
	}
	s.handles++
	handle := strconv.Itoa(s.handles)
	s.attached[handle], s.stay[handle] = values, r.By == loader.ByNetlink
	return &loader.OK{Handle: handle}, nil
}

// kindOf returns the word of net attach for what is asked of an interface.
func kindOf(r loader.Attach) (string, loader.Reply) {
	kind, known := map[loader.XDPMode]string{
		"": "xdp", loader.NativeMode: "xdpdrv", loader.SKBMode: "xdpgeneric",
	}[r.Mode]
	switch {
	case r.By == loader.ByLink:
		return "", command.Unsupported("by", "net attach attaches by netlink")
	case r.Replaces != "":
		return "", command.Unsupported("replaces", "net attach has no option for it")
	case !known:
		return "", command.Unsupported("mode", "net attach has no word for %s", r.Mode)
	}
	return kind, nil
}

func (s *session) detach(ctx context.Context, handle string) (loader.Reply, error) {
	if name, ok := s.handed[handle]; ok {
		delete(s.handed, handle)
		return s.unregister(ctx, name)
	}
	values, ok := s.attached[handle]
	if !ok {
		return missing("attachment", handle), nil
	}
	delete(s.attached, handle)
	return done(table.Run(ctx, loader.OpDetach, values, command.Environment{}))
}

func missing(what, name string) loader.Reply {
	return &loader.Rejected{Stage: loader.AtCommand, Class: loader.NotFound,
		Message: "no loaded " + what + " " + name}
}

// Close detaches what is attached, and removes the session's pins.
func (s *session) Close(ctx context.Context) error {
	var errs []error
	for handle := range s.attached {
		if s.stay[handle] {
			continue
		}
		reply, err := s.detach(ctx, handle)
		if refused, ok := reply.(*loader.Rejected); ok {
			err = fmt.Errorf("detach: %s", refused.Message)
		}
		errs = append(errs, err)
	}
	errs = append(errs, s.unregisterAll(ctx))
	if s.folder != "" {
		errs = append(errs, s.tool.pins.remove(s.folder))
		s.folder = ""
	}
	return errors.Join(errs...)
}
