// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/objfile"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
)

// A diary notes which functions of which handlers were called for which programs.
type diary struct{ lines []string }

// handler notes its calls under a name, and makes programs of type XDP.
func (y *diary) handler(name, section string) ProgramHandler {
	note := func(call string, p *Program) {
		y.lines = append(y.lines, fmt.Sprintf("%s %s %s", name, call, p.Name()))
	}
	return ProgramHandler{
		Section: section,
		Setup: func(p *Program) error {
			note("setup", p)
			kind, _ := KindOf("xdp")
			return errors.Join(p.SetKind(kind), p.SetAutoload(p.Autoload() && !strings.HasSuffix(p.Section(), "/skip")))
		},
		Prepare: func(p *Preparation) error {
			note("prepare", p.Program)
			return p.Maps["vendor_calls"].Put(uint32(1), uint32(len(y.lines)))
		},
		Attach: func(p *Program, l *Loaded) (io.Closer, error) {
			note("attach", p)
			jumps := l.Maps["vendor_jumps"]
			if err := jumps.Put(uint32(3), uint32(l.Programs[p.Name()].FD())); err != nil {
				return nil, err
			}
			return closer(func() error { return jumps.Delete(uint32(3)) }), nil
		},
	}
}

type closer func() error

func (c closer) Close() error { return c() }

// leaveOut leaves out the programs whose sections say no type.
func leaveOut(t *testing.T, names ...string) func(o *Object) {
	return func(o *Object) {
		for _, name := range names {
			do(t, o.Program(name).SetAutoload(false))
		}
	}
}

func TestHandlersOfPrograms(t *testing.T) {
	var y diary
	l := load(t, "handled/programs", Options{ProgramHandlers: []ProgramHandler{
		y.handler("fallback", ""), y.handler("prefix", "vendor/"), y.handler("exact", "vendor"), y.handler("longer", "vendor/sk"),
	}}, nil)
	if got := run(t, l, "entry"); got != 2 {
		t.Errorf("before attaching, the entry returned %d", got)
	}
	attached, err := l.Attach("third")
	do(t, err)
	if got := run(t, l, "entry"); got != 33 {
		t.Errorf("attached, the entry returned %d", got)
	}
	do(t, attached.Close())
	if got := run(t, l, "entry"); got != 2 {
		t.Errorf("detached, the entry returned %d", got)
	}
	if diff := cmp.Diff([]string{
		"prefix setup third", "exact setup exact", "prefix setup skipped", "prefix setup off", "fallback setup fallen",
		"prefix prepare third", "exact prepare exact", "fallback prepare fallen",
		"prefix attach third",
	}, y.lines); diff != "" {
		t.Errorf("calls (-want +got)\n%s", diff)
	}
	var noted uint32
	if err := l.Maps["vendor_calls"].Lookup(uint32(1), &noted); err != nil || noted != 8 {
		t.Errorf("the last preparation noted %d (%v)", noted, err)
	}
}

func TestTheLongestSectionWins(t *testing.T) {
	list := []ProgramHandler{{Section: "vendor/"}, {Section: "vendor/a/"}, {Section: "vendor/a/b"}, {Section: "xdp"}, {Section: ""}}
	for section, want := range map[string]string{
		"vendor/x": "vendor/", "?vendor/x": "vendor/", "vendor/a": "vendor/", "vendor/a/": "vendor/", "vendor/a/c": "vendor/a/", "vendor/a/b": "vendor/a/b",
		"vendor/a/b/": "vendor/a/", "xdp": "xdp", "?xdp": "xdp", "vendor": "", "vendor/": "", "vendors/x": "", "other": "",
		"tc": "none", "kprobe/f": "none", "xdp/devmap": "none",
	} {
		got := "none"
		if h, kind := programHandler(list, section); h != nil {
			got = h.Section
			if kind != (ProgramKind{}) {
				t.Errorf("%s: with a handler, kind %+v", section, kind)
			}
		}
		if got != want {
			t.Errorf("%s: handler of %q, want %q", section, got, want)
		}
	}
}

// TestHandlersAreThoseOfTheOptions has the same object with a handler, without, and with again:
// nothing is registered for longer than an Open.
func TestHandlersAreThoseOfTheOptions(t *testing.T) {
	var y diary
	for _, handlers := range [][]ProgramHandler{{y.handler("xdp", "xdp")}, nil, {y.handler("xdp", "xdp")}} {
		y.lines = nil
		l := load(t, "handled/programs", Options{ProgramHandlers: handlers}, leaveOut(t, "third", "exact", "skipped", "fallen"))
		if want := 2 * len(handlers); len(y.lines) != want {
			t.Errorf("%d handlers: calls %v", len(handlers), y.lines)
		}
		if _, err := l.Attach("entry"); (len(handlers) == 0) != errors.Is(err, refuse.ErrAttach) {
			t.Errorf("%d handlers: %v", len(handlers), err)
		}
	}
}

func TestAHandlerChangesWhatIsLoaded(t *testing.T) {
	l := load(t, "handled/programs", Options{ProgramHandlers: []ProgramHandler{{
		Section: "vendor/3",
		Setup:   func(p *Program) error { return p.SetKind(ProgramKind{Type: ebpf.SocketFilter}) },
		Prepare: func(p *Preparation) error {
			p.Kind = ProgramKind{Type: ebpf.XDP}
			p.Code[4] = 44 // the 33 that it returns
			return nil
		},
	}}}, leaveOut(t, "exact", "skipped", "fallen"))
	if got := l.Programs["third"].Type(); got != ebpf.XDP {
		t.Errorf("type %v", got)
	}
	if objfile.NativeLittle {
		if got := run(t, l, "third"); got != 44 {
			t.Errorf("it returned %d", got)
		}
	}
}

func TestHandlersOfProgramsThatFail(t *testing.T) {
	needsBPF(t)
	xdp := func(p *Program) error { return p.SetKind(ProgramKind{Type: ebpf.XDP}) }
	prepare := func(f func(p *Preparation) error) ProgramHandler {
		return ProgramHandler{Section: "vendor", Setup: xdp, Prepare: f}
	}
	for _, c := range []struct {
		name    string
		handler ProgramHandler
		want    error
		class   Class
	}{
		{"error of its own", prepare(func(*Preparation) error { return errVendor }), errVendor, ""},
		{"error with a class", prepare(func(*Preparation) error { return fmt.Errorf("no: %w", refuse.ErrSection) }), refuse.ErrSection, ClassSection},
		{"errno", prepare(func(p *Preparation) error { return p.Maps["vendor_calls"].Put(uint32(99), uint32(0)) }), unix.E2BIG, ""},
		{"no type any more", prepare(func(p *Preparation) error {
			p.Kind.Type = ebpf.UnspecifiedProgram
			return nil
		}), refuse.ErrProgramType, ClassSection},
		{"code of another length", prepare(func(p *Preparation) error {
			p.Code = append(p.Code, p.Code...)
			return nil
		}), refuse.ErrHandler, ClassInvalid},
		{"never a type", ProgramHandler{Section: "vendor"}, refuse.ErrProgramType, ClassSection},
	} {
		o := openTest(t, "handled/programs", Options{ProgramHandlers: []ProgramHandler{c.handler}})
		leaveOut(t, "third", "skipped", "fallen")(o)
		if e := checkLoadFails(t, c.name, o, c.want); e.Stage != refuse.StageLoad || e.Class != c.class || e.Section != "vendor" || e.Symbol != "exact" {
			t.Errorf("%s: error %#v", c.name, e)
		}
	}
}

func TestOpenRefusesWhatProgramHandlersRefuse(t *testing.T) {
	for _, c := range []struct {
		name     string
		handlers []ProgramHandler
		want     error
		error    Error
	}{
		{"setup", []ProgramHandler{{Section: "vendor/", Setup: func(p *Program) error { return fmt.Errorf("no: %w", refuse.ErrSection) }}}, refuse.ErrSection,
			Error{Stage: refuse.StageOpen, Class: ClassSection, Section: "vendor/3", Symbol: "third"}},
		{"two for a section", []ProgramHandler{{Section: "a"}, {Section: "a"}}, refuse.ErrHandler, Error{Stage: refuse.StageOpen, Class: ClassInvalid}},
		{"two fallbacks", []ProgramHandler{{}, {}}, refuse.ErrHandler, Error{Stage: refuse.StageOpen, Class: ClassInvalid}},
	} {
		_, err := Open([]string{objectPath("handled/programs", native())}, Options{ProgramHandlers: c.handlers})
		c.error.Object = "programs"
		compareRefusal(t, c.name, err, &c.error, c.want)
	}
}

func TestAttachRefuses(t *testing.T) {
	failing := ProgramHandler{
		Section: "vendor", Setup: func(p *Program) error { return p.SetKind(ProgramKind{Type: ebpf.XDP}) },
		Attach: func(*Program, *Loaded) (io.Closer, error) { return nil, errVendor },
	}
	l := load(t, "handled/programs", Options{ProgramHandlers: []ProgramHandler{failing}}, leaveOut(t, "third", "skipped", "fallen"))
	for _, c := range []struct {
		program string
		want    error
		error   Error
	}{
		{"exact", errVendor, Error{Stage: refuse.StageAttach, Section: "vendor", Symbol: "exact"}},
		{"entry", refuse.ErrAttach, Error{Stage: refuse.StageAttach, Class: ClassNotSupported, Section: "xdp", Symbol: "entry"}},
		{"third", refuse.ErrNotLoaded, Error{Stage: refuse.StageAttach, Class: ClassNotFound, Symbol: "third"}},
		{"nothing", refuse.ErrName, Error{Stage: refuse.StageAttach, Class: ClassNotFound, Symbol: "nothing"}},
	} {
		_, err := l.Attach(c.program)
		c.error.Object = "programs"
		compareRefusal(t, c.program, err, &c.error, c.want)
	}
}
