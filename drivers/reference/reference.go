// SPDX-License-Identifier: Apache-2.0

// Package reference puts the reference loader, package loaderimpl, under test: it turns requests
// into calls and typed errors into classes. The guest links it in; the program in driver speaks for
// it as a process, to prove the protocol.
//
// Read reference.go (requests and sessions), options.go, handlers.go (the handlers that the
// protocol lays down), set.go, structops.go (structures of the kernel's), xdp.go (a program on an
// interface), chain.go (several), create.go (a map without an object), query.go (what the kernel
// holds), refusal.go (errors to classes), claims.go.
package reference

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/cilium/ebpf"

	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/loaderimpl"
)

// New returns the reference loader, with no sessions open.
func New() loader.Loader { return &reference{sessions: make(map[string]*session)} }

type reference struct {
	sessions map[string]*session
	bpffs    string // for the pins of chains

	// Those of linked chains: the kernel empties one that no process holds, and keeps one for good
	// whose last descriptor is closed twice in a row, by its loader and by who looked at its id.
	arrays []*ebpf.Map
}

// A session holds one object, and what was loaded of it.
type session struct {
	object *loaderimpl.Object
	loaded *loaderimpl.Loaded // nil before load
	asked  loader.OpenOptions // of which some count at the load

	vendor   *vendor              // registered handlers; nil without
	given    []*ebpf.Map          // to the loader, to be closed once it is loaded
	attached map[string]io.Closer // by handle
	handles  int                  // given out so far
}

// Do carries out one request. It never fails: what is refused is a reply.
func (r *reference) Do(ctx context.Context, req loader.Request) (loader.Reply, error) {
	switch q := req.(type) {
	case loader.Hello:
		r.bpffs = pinsBelow(q.Dirs)
		return &loader.OK{Protocol: loader.Version, Loader: identity(), Features: claims}, nil
	case loader.Open:
		return r.open(q), nil
	case loader.Create:
		return create(q), nil
	case loader.Link:
		return reply(loaderimpl.Link(q.Output, q.Inputs...)), nil
	case loader.ChainAdd:
		return r.inSession(q.Session, func(s *session) loader.Reply {
			return s.chainAdd(ctx, q, r.bpffs)
		}), nil
	case loader.ChainLink:
		return r.chainLink(ctx, q), nil
	case loader.ChainRemove:
		return r.chainRemove(ctx, q), nil
	case loader.ChainClean:
		return r.chainClean(ctx, q), nil
	case loader.Query:
		return r.query(q), nil
	case loader.Reset:
		return reply(r.reset()), nil
	case loader.Bye:
		return reply(r.reset()), nil
	case loader.Set:
		return r.inSession(q.Session, func(s *session) loader.Reply { return s.set(q) }), nil
	case loader.Load:
		return r.inSession(q.Session, (*session).load), nil
	case loader.Attach:
		return r.inSession(q.Session, func(s *session) loader.Reply { return s.attach(q) }), nil
	case loader.Detach:
		return r.inSession(q.Session, func(s *session) loader.Reply { return s.detach(q) }), nil
	case loader.Update:
		return r.inSession(q.Session, func(s *session) loader.Reply { return s.update(q) }), nil
	case loader.Pin:
		return r.inSession(q.Session, func(s *session) loader.Reply { return s.pin(q) }), nil
	case loader.Unpin:
		return r.inSession(q.Session, func(s *session) loader.Reply { return s.unpin(q) }), nil
	case loader.Close:
		return r.inSession(q.Session, func(s *session) loader.Reply {
			delete(r.sessions, q.Session)
			return reply(s.close())
		}), nil
	}
	return &loader.Unsupported{Feature: loader.Feature(req.Op()), Reason: notYet}, nil
}

// Close closes all sessions.
func (r *reference) Close() error { return r.reset() }

func (r *reference) reset() error {
	var errs []error
	for name, s := range r.sessions {
		errs = append(errs, s.close())
		delete(r.sessions, name)
	}
	for _, m := range r.arrays {
		errs = append(errs, m.Close())
	}
	r.arrays = nil
	return errors.Join(errs...)
}

// inSession does something in a session. A session that does not exist is the suite's mistake, so
// it counts as the driver's.
func (r *reference) inSession(name string, do func(*session) loader.Reply) loader.Reply {
	s := r.sessions[name]
	if s == nil {
		return &loader.Error{Message: fmt.Sprintf("no session %q", name)}
	}
	return do(s)
}

func (r *reference) open(q loader.Open) loader.Reply {
	if r.sessions[q.Session] != nil {
		return &loader.Error{Message: fmt.Sprintf("session %q is open", q.Session)}
	}
	opts, refusal := options(&q.Options)
	if refusal != nil {
		return refusal
	}
	s := &session{asked: q.Options, attached: make(map[string]io.Closer)}
	for _, h := range q.Options.Handlers {
		if !s.register(h, &opts) {
			return &loader.Unsupported{Feature: loader.Feature("handlers/" + h), Reason: notYet}
		}
	}
	object, err := loaderimpl.Open([]string{q.Object}, opts)
	if err != nil {
		return rejected(err)
	}
	s.object = object
	r.sessions[q.Session] = s
	ok := &loader.OK{}
	for _, m := range object.Maps() {
		ok.Maps = append(ok.Maps, loader.MapView{Name: m.Name()})
		for _, f := range m.Definition().Unknown {
			ok.Unknown = append(ok.Unknown, m.Name()+"."+f.Name)
		}
	}
	for _, p := range object.Programs() {
		ok.Programs = append(ok.Programs, loader.ProgramView{Name: p.Name(), Section: p.Section()})
	}
	return ok
}

func (s *session) load() loader.Reply {
	opts, err := loadOptions(&s.asked)
	if err != nil {
		return rejected(err)
	}
	loaded, err := s.object.Load(opts)
	if err := errors.Join(err, s.dropGiven()); err != nil {
		return rejected(err)
	}
	s.loaded = loaded
	ok, err := s.views()
	if err != nil {
		return &loader.Error{Message: err.Error()}
	}
	return ok
}

// views describes the object's maps and programs. What was left out of the load has no id.
func (s *session) views() (*loader.OK, error) {
	ok := &loader.OK{}
	for _, m := range s.object.Maps() {
		view := loader.MapView{Name: m.Name()}
		if made := s.loaded.Maps[m.Name()]; made != nil {
			var err error
			if view.ID, err = mapID(made); err != nil {
				return nil, err
			}
		}
		ok.Maps = append(ok.Maps, view)
	}
	for _, p := range s.object.Programs() {
		view := loader.ProgramView{Name: p.Name(), Section: p.Section()}
		if made := s.loaded.Programs[p.Name()]; made != nil {
			var err error
			if view.ID, err = programID(made); err != nil {
				return nil, err
			}
		}
		ok.Programs = append(ok.Programs, view)
	}
	return ok, nil
}

// mapID returns the kernel's id of a map.
func mapID(m *ebpf.Map) (uint32, error) {
	info, err := m.Info()
	if err != nil {
		return 0, fmt.Errorf("ask for id: %w", err)
	}
	id, known := info.ID()
	if !known {
		return 0, errors.New("the kernel gives no id")
	}
	return uint32(id), nil
}

// programID returns the kernel's id of a program.
func programID(p *ebpf.Program) (uint32, error) {
	info, err := p.Info()
	if err != nil {
		return 0, fmt.Errorf("ask for id: %w", err)
	}
	id, known := info.ID()
	if !known {
		return 0, errors.New("the kernel gives no id")
	}
	return uint32(id), nil
}

// close closes what the session holds: what is attached first, as it may need the maps.
func (s *session) close() error {
	var errs []error
	for number, a := range s.attached {
		if _, stays := a.(*onInterface); !stays {
			errs = append(errs, a.Close())
		}
		delete(s.attached, number)
	}
	errs = append(errs, s.dropGiven())
	if s.loaded != nil {
		errs = append(errs, s.loaded.Close())
	}
	return errors.Join(errs...)
}

// dropGiven closes the maps that were given to the loader, which has descriptors of its own once it
// loaded them.
func (s *session) dropGiven() error {
	var errs []error
	for _, m := range s.given {
		errs = append(errs, m.Close())
	}
	s.given = nil
	return errors.Join(errs...)
}

// attach attaches a program by the handler of its section, puts one on an interface, or registers a
// structure: other ways the loader does not have yet.
func (s *session) attach(q loader.Attach) loader.Reply {
	switch {
	case q.Kind == "struct_ops":
		return s.registerStructure(q)
	case q.Kind == "xdp":
		return s.attachXDP(q)
	case q.Kind != "handler":
		return &loader.Unsupported{Feature: loader.Feature("attach/" + q.Kind), Reason: notYet}
	case s.vendor == nil:
		return &loader.Unsupported{Feature: "attach/handler",
			Reason: "sections attach by handlers that the loader's caller registers, and there are none"}
	case s.loaded == nil:
		return &loader.Error{Message: "the session is not loaded"}
	}
	attached, err := s.loaded.Attach(q.Program)
	if err != nil {
		return rejected(err)
	}
	return &loader.OK{Handle: s.keep(attached)}
}

// keep keeps what is attached, under a handle.
func (s *session) keep(attached io.Closer) (handle string) {
	s.handles++
	handle = strconv.Itoa(s.handles)
	s.attached[handle] = attached
	return handle
}

func (s *session) detach(q loader.Detach) loader.Reply {
	attached := s.attached[q.Handle]
	if attached == nil {
		return &loader.Error{Message: fmt.Sprintf("no handle %q", q.Handle)}
	}
	delete(s.attached, q.Handle)
	return reply(attached.Close())
}

// pin pins a map or program of a session that is loaded.
func (s *session) pin(q loader.Pin) loader.Reply {
	return s.pinned(q.Target, q.Name, func(h handle) error { return loaderimpl.Pin(h, q.Path) })
}

// unpin removes a pin, and only one of the map or program that is named: the path could have become
// another's.
func (s *session) unpin(q loader.Unpin) loader.Reply {
	return s.pinned(q.Target, q.Name, func(h handle) error { return loaderimpl.Unpin(h, q.Path) })
}

// A handle stands for a map or program in the kernel.
type handle interface{ FD() int }

// pinned does something about the pin of a map or program.
func (s *session) pinned(target, name string, do func(handle) error) loader.Reply {
	if s.loaded == nil {
		return &loader.Error{Message: "the session is not loaded"}
	}
	if target == "link" {
		link, broken := s.linkOf(name)
		if broken != nil {
			return broken
		}
		return reply(do(link))
	}
	var h handle
	var err error
	switch target {
	case "map":
		h, err = s.loaded.Map(name)
	case "program":
		h, err = s.loaded.Program(name)
	default:
		err = fmt.Errorf("%q: %w", target, loaderimpl.ClassNotFound)
	}
	if err != nil {
		return &loader.Rejected{Stage: loader.AtPin, Class: loader.NotFound, Message: err.Error()}
	}
	return reply(do(h))
}

func reply(err error) loader.Reply {
	if err != nil {
		return rejected(err)
	}
	return &loader.OK{}
}
