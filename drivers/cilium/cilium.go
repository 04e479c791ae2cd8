// SPDX-License-Identifier: Apache-2.0

package cilium

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"runtime"
	"slices"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"
	"github.com/cilium/ebpf/link"

	"github.com/loadstone-bpf/loadstone/loader"
)

// Newer holds what this package does not name itself, as it is compiled with versions of the
// library that do not have it. Either is nil for a version without it.
type Newer struct {
	StructOps  func(*ebpf.Map) (link.Link, error)      // registers a structure
	ExtraTypes func(*ebpf.ProgramOptions, []*btf.Spec) // gives CO-RE more types
}

// New returns cilium/ebpf as a loader, with a version of it that has nothing of [Newer].
func New() loader.Loader { return NewWith(Newer{}) }

// NewWith returns cilium/ebpf as a loader, with what the version has that it is built with.
func NewWith(newer Newer) loader.Loader {
	return &library{sessions: map[string]*session{}, newer: newer}
}

type library struct {
	sessions map[string]*session
	newer    Newer
}

// A session holds one object.
type session struct {
	library *library
	spec    *ebpf.CollectionSpec
	names   loader.OK            // maps and programs as declared, also those left out since
	pinRoot string               //
	types   typeFiles            //
	reused  map[string]*ebpf.Map // instead of maps of these names
	loaded  *ebpf.Collection     // nil before load
	links   map[string]link.Link
	handles int // given out so far
}

func (l *library) Do(_ context.Context, req loader.Request) (loader.Reply, error) {
	switch r := req.(type) {
	case loader.Hello:
		return hello()
	case loader.Open:
		return l.open(r)
	case loader.Create:
		return create(r), nil
	case loader.Set:
		return l.with(r.Session, func(s *session) loader.Reply { return s.set(r) })
	case loader.Load:
		return l.with(r.Session, (*session).load)
	case loader.Attach:
		return l.with(r.Session, func(s *session) loader.Reply { return s.attach(r) })
	case loader.Detach:
		return l.with(r.Session, func(s *session) loader.Reply { return s.detach(r) })
	case loader.Pin:
		return l.with(r.Session, func(s *session) loader.Reply { return s.pin(r) })
	case loader.Unpin:
		return l.with(r.Session, func(s *session) loader.Reply { return s.unpin(r) })
	case loader.Close:
		defer delete(l.sessions, r.Session)
		return l.with(r.Session, (*session).close)
	case loader.Reset, loader.Bye:
		err := l.Close()
		// The library maps the memory of global data for its user, and leaves it to Go's collector
		// to unmap it, which holds the maps until then. After a reset nothing may be left, whatever
		// the collector is up to; what a user sees who closes a collection is seen at close.
		runtime.GC()
		return &loader.OK{}, err
	}
	return &loader.Unsupported{Feature: loader.Feature(req.Op()),
		Reason: "the library has no such thing"}, nil
}

// Close gives up all sessions.
func (l *library) Close() error {
	var errs []error
	for id, s := range l.sessions {
		if broken, ok := s.close().(*loader.Error); ok {
			errs = append(errs, errors.New(broken.Message))
		}
		delete(l.sessions, id)
	}
	return errors.Join(errs...)
}

func (l *library) with(id string, do func(*session) loader.Reply) (loader.Reply, error) {
	if s, ok := l.sessions[id]; ok {
		return do(s), nil
	}
	return nil, fmt.Errorf("no session %q", id)
}

func (l *library) open(r loader.Open) (loader.Reply, error) {
	if _, taken := l.sessions[r.Session]; taken {
		return nil, fmt.Errorf("session %q is open already", r.Session)
	}
	if feature, ok := l.cannotFollow(r.Options); ok {
		reason := claims[feature].Reason
		if feature == loader.SplitBTF {
			reason = noExtraTypes
		}
		return &loader.Unsupported{Feature: feature, Reason: reason}, nil
	}
	file, err := os.Open(r.Object)
	if err != nil {
		return refusal(loader.AtOpen, err), nil
	}
	defer file.Close() // only read
	spec, err := ebpf.LoadCollectionSpecFromReader(file)
	if err != nil {
		return refusal(loader.AtOpen, err), nil
	}
	s := &session{library: l, spec: spec, pinRoot: r.Options.PinRoot, reused: map[string]*ebpf.Map{},
		types: typeFiles{r.Options.KernelTypes, r.Options.ExtraTypes},
		links: map[string]link.Link{}}
	for _, name := range slices.Sorted(maps.Keys(spec.Maps)) {
		s.names.Maps = append(s.names.Maps, loader.MapView{Name: name})
	}
	for _, name := range slices.Sorted(maps.Keys(spec.Programs)) {
		s.names.Programs = append(s.names.Programs,
			loader.ProgramView{Name: name, Section: spec.Programs[name].SectionName})
	}
	l.sessions[r.Session] = s
	return &s.names, nil
}

func missing(stage loader.Stage, what, name string) loader.Reply {
	return &loader.Rejected{Stage: stage, Class: loader.NotFound,
		Message: "no " + what + " " + name}
}

func (s *session) load() loader.Reply {
	if s.loaded != nil {
		return &loader.Error{Message: "loaded already"}
	}
	programs, err := s.types.options(s.library.newer)
	if err != nil {
		return refusal(loader.AtRelocate, err)
	}
	loaded, err := ebpf.NewCollectionWithOptions(s.spec, ebpf.CollectionOptions{
		Maps:            ebpf.MapOptions{PinPath: s.pinRoot},
		Programs:        programs,
		MapReplacements: s.reused, // of which the collection makes copies
	})
	if err != nil {
		return refusal(loader.AtLoad, err)
	}
	s.loaded = loaded
	ok := loader.OK{Maps: slices.Clone(s.names.Maps), Programs: slices.Clone(s.names.Programs)}
	var errs []error
	for i, view := range ok.Maps {
		if m := loaded.Maps[view.Name]; m != nil {
			ok.Maps[i].ID, err = id(m.Info())
			errs = append(errs, err)
		}
	}
	for i, view := range ok.Programs {
		if p := loaded.Programs[view.Name]; p != nil {
			ok.Programs[i].ID, err = id(p.Info())
			errs = append(errs, err)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return &loader.Error{Message: err.Error()}
	}
	return &ok
}

// id returns the kernel's id of a map or program, of its info.
func id[I ~uint32](info interface{ ID() (I, bool) }, err error) (uint32, error) {
	if err != nil {
		return 0, err
	}
	id, ok := info.ID()
	if !ok {
		return 0, errors.New("the kernel gives no id")
	}
	return uint32(id), nil
}

func (s *session) close() loader.Reply {
	var errs []error
	for handle, l := range s.links {
		errs = append(errs, l.Close())
		delete(s.links, handle)
	}
	for name, m := range s.reused {
		errs = append(errs, m.Close())
		delete(s.reused, name)
	}
	if s.loaded != nil {
		s.loaded.Close()
		s.loaded = nil
	}
	if err := errors.Join(errs...); err != nil {
		return &loader.Error{Message: err.Error()}
	}
	return &loader.OK{}
}
