// SPDX-License-Identifier: Apache-2.0

package cilium

import (
	"errors"
	"strconv"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"

	"github.com/loadstone-bpf/loadstone/loader"
)

func (s *session) attach(r loader.Attach) loader.Reply {
	if r.Kind == "struct_ops" {
		return s.register(r)
	}
	if s.loaded == nil || s.loaded.Programs[r.Program] == nil {
		return missing(loader.AtAttach, "loaded program", r.Program)
	}
	program, of := s.loaded.Programs[r.Program], s.spec.Programs[r.Program]
	at := of.AttachType
	var l link.Link
	var err error
	switch r.Kind {
	case "xdp":
		if lacks := lacksXDP(r); lacks != nil {
			return lacks
		}
		l, err = link.AttachXDP(link.XDPOptions{
			Program: program, Interface: r.Ifindex, Flags: xdpFlags[r.Mode],
		})
	case "tcx":
		l, err = link.AttachTCX(link.TCXOptions{Program: program, Interface: r.Ifindex, Attach: at})
	case "cgroup":
		l, err = link.AttachCgroup(link.CgroupOptions{Program: program, Path: r.Path, Attach: at})
	case "handler":
		attach := bySection(of)
		if attach == nil {
			return &loader.Unsupported{Feature: "attach/handler",
				Reason: "section " + of.SectionName + " names nothing that package link attaches to"}
		}
		l, err = attach(program)
	default:
		return &loader.Unsupported{Feature: loader.Feature(r.Kind)}
	}
	if err != nil {
		return refusal(loader.AtAttach, err)
	}
	return s.attached(l)
}

var xdpFlags = map[loader.XDPMode]link.XDPAttachFlags{
	loader.NativeMode: link.XDPDriverMode, loader.SKBMode: link.XDPGenericMode,
}

// lacksXDP returns what AttachXDP cannot be told of an interface.
func lacksXDP(r loader.Attach) loader.Reply {
	switch {
	case r.By == loader.ByNetlink:
		return &loader.Unsupported{Feature: "by", Reason: "link.AttachXDP attaches by link"}
	case r.Replaces != "":
		return &loader.Unsupported{Feature: "replaces",
			Reason: "a new link takes no program's place"}
	case r.Mode != "" && xdpFlags[r.Mode] == 0:
		return &loader.Unsupported{Feature: "mode"}
	}
	return nil
}

// attached answers with what was attached.
func (s *session) attached(l link.Link) loader.Reply {
	s.handles++
	ok := &loader.OK{Handle: strconv.Itoa(s.handles)}
	s.links[ok.Handle] = l
	info, err := l.Info()
	switch {
	case err == nil:
		ok.LinkID = uint32(info.ID)
	case !errors.Is(err, ebpf.ErrNotSupported): // a cgroup on a kernel without links
		return &loader.Error{Message: err.Error()}
	}
	return ok
}

func (s *session) detach(r loader.Detach) loader.Reply {
	l, ok := s.links[r.Handle]
	if !ok {
		return missing(loader.AtAttach, "attachment", r.Handle)
	}
	delete(s.links, r.Handle)
	return done(loader.AtAttach, l.Close())
}

// register registers a structure by a link.
func (s *session) register(r loader.Attach) loader.Reply {
	switch {
	case s.library.newer.StructOps == nil:
		return &loader.Unsupported{Feature: loader.StructOps,
			Reason: "link.AttachStructOps came with 0.21"}
	case s.loaded == nil || s.loaded.Maps[r.Program] == nil:
		return missing(loader.AtAttach, "loaded map", r.Program)
	}
	l, err := s.library.newer.StructOps(s.loaded.Maps[r.Program])
	if err != nil {
		return refusal(loader.AtAttach, err)
	}
	return s.attached(l)
}

// pinnable covers maps, programs and links alike.
type pinnable interface {
	Pin(path string) error
	Unpin() error
}

func (s *session) loadedAs(target, name string) pinnable {
	switch {
	case target == "link" && s.links[name] != nil:
		return s.links[name]
	case s.loaded != nil && target == "map" && s.loaded.Maps[name] != nil:
		return s.loaded.Maps[name]
	case s.loaded != nil && target == "program" && s.loaded.Programs[name] != nil:
		return s.loaded.Programs[name]
	}
	return nil
}

func (s *session) pin(r loader.Pin) loader.Reply {
	if p := s.loadedAs(r.Target, r.Name); p != nil {
		return done(loader.AtPin, p.Pin(r.Path))
	}
	return missing(loader.AtPin, "loaded "+r.Target, r.Name)
}

// unpin removes the last pin: the library keeps no more than one path per map or program.
func (s *session) unpin(r loader.Unpin) loader.Reply {
	if p := s.loadedAs(r.Target, r.Name); p != nil {
		return done(loader.AtPin, p.Unpin())
	}
	return missing(loader.AtPin, "loaded "+r.Target, r.Name)
}

func done(stage loader.Stage, err error) loader.Reply {
	if err != nil {
		return refusal(stage, err)
	}
	return &loader.OK{}
}
