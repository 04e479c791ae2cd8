// SPDX-License-Identifier: Apache-2.0

package command

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"

	"github.com/loadstone-bpf/loadstone/loader"
)

// A Tool runs a loader that is a command.
type Tool interface {
	// Hello asks the command what it is.
	Hello(ctx context.Context, hello loader.Hello) (*loader.OK, error)

	// Open begins a session, without a look at its object. It returns what the command cannot be
	// told, if the options say any such thing.
	Open(open loader.Open) (Session, *loader.Unsupported)
}

// A Session holds one object for a command.
type Session interface {
	// Do carries out any request about the session but open and close.
	Do(ctx context.Context, req loader.Request) (loader.Reply, error)

	// Close undoes what the session has done that is not pinned.
	Close(ctx context.Context) error
}

// A Linker links several objects into one.
type Linker interface {
	Link(ctx context.Context, link loader.Link) (loader.Reply, error)
}

// A Creator makes a map without an object.
type Creator interface {
	Create(ctx context.Context, create loader.Create) (loader.Reply, error)
}

// A Querier tells what is in the kernel.
type Querier interface {
	Query(ctx context.Context, query loader.Query) (loader.Reply, error)
}

// A Chainer changes the chains of interfaces, past any object: [loader.ChainRemove] and
// [loader.ChainClean].
type Chainer interface {
	Chain(ctx context.Context, req loader.Request) (loader.Reply, error)
}

// New returns the driver of a tool.
func New(tool Tool) loader.Loader { return &driver{tool: tool, sessions: map[string]Session{}} }

type driver struct {
	tool     Tool
	sessions map[string]Session
}

// errRights reports that a driver has not the rights that it takes to run its command: the command
// itself was not asked.
var errRights = errors.New("the driver of a command takes root's rights")

// Do carries out a request. It needs namespaces and mounts of its own, which another user than root
// cannot make.
func (d *driver) Do(ctx context.Context, req loader.Request) (loader.Reply, error) {
	reply, err := d.do(ctx, req)
	if errors.Is(err, errRights) {
		return &loader.Unsupported{Feature: loader.Unprivileged, Reason: err.Error()}, nil
	}
	return reply, err
}

func (d *driver) do(ctx context.Context, req loader.Request) (loader.Reply, error) {
	switch r := req.(type) {
	case loader.Hello:
		return d.tool.Hello(ctx, r)
	case loader.Open:
		return d.open(r)
	case loader.Close:
		return d.close(ctx, r)
	case loader.Create:
		if creator, ok := d.tool.(Creator); ok {
			return creator.Create(ctx, r)
		}
	case loader.Link:
		if linker, ok := d.tool.(Linker); ok {
			return linker.Link(ctx, r)
		}
	case loader.Query:
		if querier, ok := d.tool.(Querier); ok {
			return querier.Query(ctx, r)
		}
	case loader.ChainRemove, loader.ChainClean:
		if chainer, ok := d.tool.(Chainer); ok {
			return chainer.Chain(ctx, req)
		}
	case loader.Reset, loader.Bye:
		return &loader.OK{}, d.reset(ctx)
	}
	id, ok := sessionOf(req)
	if !ok {
		return &loader.Unsupported{Feature: loader.Feature(req.Op()),
			Reason: "the command has no such operation"}, nil
	}
	s, ok := d.sessions[id]
	if !ok {
		return nil, noSession(id)
	}
	return s.Do(ctx, req)
}

// sessionOf returns the session that a request is about, and whether it is about one at all.
func sessionOf(req loader.Request) (string, bool) {
	switch r := req.(type) {
	case loader.Set:
		return r.Session, true
	case loader.Load:
		return r.Session, true
	case loader.ChainAdd:
		return r.Session, true
	case loader.Attach:
		return r.Session, true
	case loader.Detach:
		return r.Session, true
	case loader.Pin:
		return r.Session, true
	case loader.Unpin:
		return r.Session, true
	}
	return "", false
}

func noSession(id string) error { return fmt.Errorf("no session %q", id) }

func (d *driver) open(r loader.Open) (loader.Reply, error) {
	if _, taken := d.sessions[r.Session]; taken {
		return nil, fmt.Errorf("session %q is open already", r.Session)
	}
	s, unsupported := d.tool.Open(r)
	if unsupported != nil {
		return unsupported, nil
	}
	d.sessions[r.Session] = s
	return &loader.OK{}, nil
}

func (d *driver) close(ctx context.Context, r loader.Close) (loader.Reply, error) {
	s, ok := d.sessions[r.Session]
	if !ok {
		return nil, noSession(r.Session)
	}
	delete(d.sessions, r.Session)
	return &loader.OK{}, s.Close(ctx)
}

func (d *driver) reset(ctx context.Context) error {
	var errs []error
	for id, s := range d.sessions {
		errs = append(errs, s.Close(ctx))
		delete(d.sessions, id)
	}
	return errors.Join(errs...)
}

// Close gives up all sessions.
func (d *driver) Close() error { return d.reset(context.Background()) }

// Unpin removes a pin as the users of commands do, which have no operation for it: with rm.
func Unpin(path string) loader.Reply {
	err := os.Remove(path)
	if err == nil {
		return &loader.OK{}
	}
	refused := &loader.Rejected{Stage: loader.AtCommand, Class: loader.Unclassified,
		Message: err.Error()}
	var errno syscall.Errno
	if errors.As(err, &errno) {
		refused.Class, refused.Errno = loader.ClassOf(errno), int(errno)
	}
	return refused
}

// explainRights marks EPERM as that of the driver, and not of its command.
func explainRights(err error) error {
	if errors.Is(err, syscall.EPERM) {
		return fmt.Errorf("%w: %w", errRights, err)
	}
	return err
}
