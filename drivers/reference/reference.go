// SPDX-License-Identifier: Apache-2.0

// Package reference puts the reference loader, package loaderimpl, under test: it turns requests into calls and typed errors into classes.
// The guest links it in; the program in driver speaks for it as a process, to prove the protocol.
package reference

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"

	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/loaderimpl"
)

// New is the reference loader, with no sessions open.
func New() loader.Loader { return &reference{sessions: make(map[string]*session)} }

type reference struct {
	sessions map[string]*session
}

// A session is one object, and what was loaded of it.
type session struct {
	object *loaderimpl.Object
	loaded *loaderimpl.Loaded // nil before load
}

// claims are what the loader can do, and on which kernels it does not matter.
var claims = map[loader.Feature]loader.Claim{
	loader.BTFMaps:       {Support: loader.Yes},
	loader.LegacyMaps:    {Support: loader.Yes},
	loader.IgnoreUnknown: {Support: loader.Yes},
	loader.GlobalData:    {Support: loader.Yes},
	loader.NUMA:          {Support: loader.Yes},
	loader.MapInMap:      {Support: loader.Yes},
	loader.Pinning:       {Support: loader.Partial, Reason: "maps by name and by path; no reuse by other policies yet"},
}

// Do carries out one request. It never fails: what is refused is a reply.
func (r *reference) Do(_ context.Context, req loader.Request) (loader.Reply, error) {
	switch q := req.(type) {
	case loader.Hello:
		return &loader.OK{Protocol: loader.Version, Loader: identity(), Features: claims}, nil
	case loader.Open:
		return r.open(q), nil
	case loader.Reset:
		return done(r.reset()), nil
	case loader.Bye:
		return done(r.reset()), nil
	case loader.Set:
		return r.in(q.Session, func(s *session) loader.Reply { return s.set(q) }), nil
	case loader.Load:
		return r.in(q.Session, (*session).load), nil
	case loader.Pin:
		return r.in(q.Session, func(s *session) loader.Reply { return s.pin(q.Target, q.Name, pinAt(q.Path)) }), nil
	case loader.Unpin:
		return r.in(q.Session, func(s *session) loader.Reply { return s.pin(q.Target, q.Name, unpin) }), nil
	case loader.Close:
		return r.in(q.Session, func(s *session) loader.Reply {
			delete(r.sessions, q.Session)
			return done(s.close())
		}), nil
	}
	return &loader.Unsupported{Feature: loader.Feature(req.Op()), Reason: "not there yet"}, nil
}

// Close gives up all sessions.
func (r *reference) Close() error { return r.reset() }

func (r *reference) reset() error {
	var errs []error
	for name, s := range r.sessions {
		errs = append(errs, s.close())
		delete(r.sessions, name)
	}
	return errors.Join(errs...)
}

// in does something in a session. A session that does not exist is the suite's mistake, so it counts as the driver's.
func (r *reference) in(name string, do func(*session) loader.Reply) loader.Reply {
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
	object, err := loaderimpl.Open([]string{q.Object}, loaderimpl.Options{
		IgnoreUnknownFields: q.Options.IgnoreUnknownFields,
		PinRoot:             q.Options.PinRoot,
	})
	if err != nil {
		return rejected(err)
	}
	r.sessions[q.Session] = &session{object: object}
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
	loaded, err := s.object.Load(loaderimpl.LoadOptions{})
	if err != nil {
		return rejected(err)
	}
	s.loaded = loaded
	ok := &loader.OK{}
	for _, m := range s.object.Maps() {
		id, err := loaded.MapID(m.Name())
		if err != nil {
			return &loader.Error{Message: err.Error()}
		}
		ok.Maps = append(ok.Maps, loader.MapView{Name: m.Name(), ID: id})
	}
	for _, p := range s.object.Programs() {
		id, err := loaded.ProgramID(p.Name())
		if err != nil {
			return &loader.Error{Message: err.Error()}
		}
		ok.Programs = append(ok.Programs, loader.ProgramView{Name: p.Name(), Section: p.Section(), ID: id})
	}
	return ok
}

func (s *session) close() error {
	if s.loaded == nil {
		return nil
	}
	return s.loaded.Close()
}

func (s *session) set(q loader.Set) loader.Reply {
	var err error
	switch m, p := s.object.Map(q.Name), s.object.Program(q.Name); {
	case q.Target == "map" && m != nil:
		err = setMap(m, q.Attr, q.Value)
	case q.Target == "program" && p != nil:
		err = setProgram(p, q.Attr, q.Value)
	default:
		return &loader.Rejected{Stage: loader.AtOpen, Class: loader.NotFound, Message: fmt.Sprintf("no %s %s", q.Target, q.Name)}
	}
	if errors.Is(err, errAttribute) {
		return &loader.Unsupported{Feature: loader.Feature("set/" + string(q.Attr)), Reason: err.Error()}
	}
	return done(err)
}

var (
	errAttribute = errors.New("no such attribute")
	errValue     = errors.New("value is of the wrong kind")
)

func setMap(m *loaderimpl.Map, attr loader.Attribute, value any) error {
	switch attr {
	case loader.MaxEntries:
		return withNumber(value, m.SetMaxEntries)
	case loader.MapFlags:
		return withNumber(value, m.SetFlags)
	case loader.NumaNode:
		return withNumber(value, m.SetNumaNode)
	case loader.PinPath:
		return with(value, m.SetPinPath)
	case loader.AutoCreate:
		return with(value, m.SetAutocreate)
	}
	return fmt.Errorf("%s of a map: %w", attr, errAttribute)
}

func setProgram(p *loaderimpl.Program, attr loader.Attribute, value any) error {
	switch attr {
	case loader.AutoLoad:
		return with(value, p.SetAutoload)
	case loader.ProgramType:
		return with(value, func(section string) error {
			kind, ok := loaderimpl.KindOf(section)
			if !ok {
				return fmt.Errorf("%q is no type of program: %w", section, loaderimpl.ErrProgramType)
			}
			return p.SetKind(kind)
		})
	}
	return fmt.Errorf("%s of a program: %w", attr, errAttribute)
}

// with hands a value of the right kind on.
func with[T any](value any, set func(T) error) error {
	v, ok := value.(T)
	if !ok {
		return fmt.Errorf("%v (%T): %w", value, value, errValue)
	}
	return set(v)
}

// withNumber hands a number of 32 bits on. Over the wire numbers are float64, linked in they are what the suite's Go code says.
func withNumber(value any, set func(uint32) error) error {
	var n float64
	switch v := value.(type) {
	case float64:
		n = v
	case int:
		n = float64(v)
	case uint32:
		n = float64(v)
	default:
		return fmt.Errorf("%v (%T): %w", value, value, errValue)
	}
	if n < 0 || n > math.MaxUint32 || n != math.Trunc(n) {
		return fmt.Errorf("%v is no number of 32 bits: %w", value, errValue)
	}
	return set(uint32(n))
}

// pinned is what maps and programs have in common.
type pinned interface {
	Pin(path string) error
	Unpin() error
}

func pinAt(path string) func(pinned) error { return func(p pinned) error { return p.Pin(path) } }

func unpin(p pinned) error { return p.Unpin() }

func (s *session) pin(target, name string, do func(pinned) error) loader.Reply {
	if s.loaded == nil {
		return &loader.Error{Message: "the session is not loaded"}
	}
	m, p := s.loaded.Maps[name], s.loaded.Programs[name]
	var err error
	switch {
	case target == "map" && m != nil:
		err = do(m)
	case target == "program" && p != nil:
		err = do(p)
	default:
		return &loader.Rejected{Stage: loader.AtPin, Class: loader.NotFound, Message: fmt.Sprintf("no %s %s", target, name)}
	}
	if err != nil {
		class, errno := kernelClass(err)
		return &loader.Rejected{Stage: loader.AtPin, Class: class, Errno: errno, Message: err.Error()}
	}
	return &loader.OK{}
}

func done(err error) loader.Reply {
	if err != nil {
		return rejected(err)
	}
	return &loader.OK{}
}

// stages are the loader's own, in the words of the protocol, where a load begins with creating maps.
var stages = map[loaderimpl.Stage]loader.Stage{
	loaderimpl.StageOpen:     loader.AtOpen,
	loaderimpl.StageLink:     loader.AtLink,
	loaderimpl.StageDefine:   loader.AtOpen,
	loaderimpl.StageResolve:  loader.AtOpen,
	loaderimpl.StageCreate:   loader.AtCreate,
	loaderimpl.StagePin:      loader.AtPin,
	loaderimpl.StageRelocate: loader.AtRelocate,
	loaderimpl.StageLoad:     "load",
}

// rejected is a refusal in the words of the protocol.
func rejected(err error) loader.Reply {
	var e *loaderimpl.Error
	if !errors.As(err, &e) {
		return &loader.Rejected{Stage: loader.AtOpen, Class: loader.Invalid, Message: err.Error()}
	}
	class, errno := kernelClass(err)
	if e.Class != loaderimpl.ClassKernel {
		class = loader.Class(e.Class)
	}
	if errors.Is(err, fs.ErrNotExist) && e.Class == loaderimpl.ClassIO {
		class = loader.NotFound
	}
	r := &loader.Rejected{Stage: stages[e.Stage], Class: class, Errno: errno, Message: err.Error()}
	var refusal *loaderimpl.VerifierError
	if errors.As(err, &refusal) {
		r.Stage = loader.AtVerify
		r.Log = tail(refusal.Log, loader.MaxText)
	}
	return r
}

// tail is the last n bytes of a text, from the start of a line.
func tail(text string, n int) string {
	if len(text) <= n {
		return text
	}
	text = text[len(text)-n:]
	return text[strings.IndexByte(text, '\n')+1:]
}

// enotsupp is the kernel's own ENOTSUPP, which the C library does not have.
const enotsupp = syscall.Errno(524)

// classes are what the kernel's errnos mean. All others are "invalid".
var classes = []struct {
	class  loader.Class
	errnos []syscall.Errno
}{
	{loader.NotSupported, []syscall.Errno{syscall.ENOTSUP, enotsupp, syscall.ENOSYS}},
	{loader.NotFound, []syscall.Errno{syscall.ENOENT, syscall.ESRCH}},
	{loader.NameConflict, []syscall.Errno{syscall.EEXIST}},
	{loader.Permission, []syscall.Errno{syscall.EPERM, syscall.EACCES}},
	{loader.Limit, []syscall.Errno{syscall.E2BIG, syscall.ENOMEM, syscall.ENOSPC, syscall.ENAMETOOLONG}},
	{loader.Busy, []syscall.Errno{syscall.EBUSY}},
	{loader.IO, []syscall.Errno{syscall.EIO}},
}

// kernelClass is what the kernel's errno in an error says, and the errno, 0 if there is none.
func kernelClass(err error) (loader.Class, int) {
	var errno syscall.Errno
	if !errors.As(err, &errno) {
		return loader.Invalid, 0
	}
	for _, c := range classes {
		if slices.Contains(c.errnos, errno) {
			return c.class, int(errno)
		}
	}
	return loader.Invalid, int(errno)
}

// version is the reference loader's, as loader.yaml has it.
const version = "0.1"

// identity is what the loader says of itself.
func identity() *loader.Identity {
	id := &loader.Identity{
		Name: "reference", Version: version, Language: "go",
		Homepage: "https://github.com/loadstone-bpf/loadstone", Components: map[string]string{},
	}
	build, ok := debug.ReadBuildInfo()
	if !ok {
		return id
	}
	for _, dep := range build.Deps {
		if dep.Path == "github.com/cilium/ebpf" {
			id.Components["cilium/ebpf"] = dep.Version
		}
	}
	return id
}
