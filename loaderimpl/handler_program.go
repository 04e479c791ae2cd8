// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/cilium/ebpf"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
)

// A ProgramHandler says what the programs of a section are, and what is done with them. It is
// registered with [Options.ProgramHandlers], for the objects that are opened with these options and
// no others. The three functions are called in the order in which they stand here; each may be nil.
// This package adds to their errors where they happened, and they have the class of what they wrap:
// a [Class], or an errno.
type ProgramHandler struct {
	// Section names the section, without the ? that it may start with. A name that ends in a slash
	// stands for all that go on after the slash. The caller's handlers come before this package's
	// own table, [KindOf]; of several that match, the one with the longest Section is asked.
	//
	// A handler whose Section is empty is the fallback, for sections that neither another handler
	// nor the table knows.
	Section string

	// Setup is called when the object is opened, for each program in the order of sections and
	// offsets, when everything else about the object is known. It sets the program up with its
	// setters; without it, a program that has a handler has no kind, and is loaded by default if
	// its section's name has no ?. An error refuses the object.
	Setup func(p *Program) error

	// Prepare is called when the object is loaded, for each program that is loaded, right before it
	// goes to the kernel. An error fails the load.
	Prepare func(p *Preparation) error

	// Attach is called by [Loaded.Attach]. Closing what it returns undoes it.
	Attach func(p *Program, l *Loaded) (io.Closer, error)
}

// A Preparation describes a program that is about to be loaded.
type Preparation struct {
	// Program is the program in the object. It is too late for its setters.
	Program *Program
	// Maps are the object's maps by their names, without those that were left out. They are the
	// loader's to close.
	Maps map[string]*ebpf.Map
	// Kind tells the kernel what the program is for. It may be changed, for this load.
	Kind ProgramKind
	// Code holds the program's instructions with all functions it calls, in this machine's byte
	// order, 8 bytes each, as they go to the kernel: maps are descriptors, and types are this
	// kernel's. Bytes may be changed, not their number.
	Code []byte
}

// handles reports whether a handler is for the section of that name.
func (h *ProgramHandler) handles(section string) bool {
	if strings.HasSuffix(h.Section, "/") {
		return len(section) > len(h.Section) && strings.HasPrefix(section, h.Section)
	}
	return h.Section != "" && section == h.Section
}

// checkProgramHandlers refuses two handlers for one section.
func checkProgramHandlers(list []ProgramHandler) error {
	for i, h := range list {
		if slices.ContainsFunc(list[:i],
			func(other ProgramHandler) bool { return other.Section == h.Section }) {
			return fmt.Errorf("two handlers of programs in section %q: %w", h.Section,
				refuse.ErrHandler)
		}
	}
	return nil
}

// programHandler returns the handler for a section, and the kind of program by this package's
// table, if no handler comes before it.
func programHandler(list []ProgramHandler, section string) (*ProgramHandler, ProgramKind) {
	section = strings.TrimPrefix(section, "?")
	var best, fallback *ProgramHandler
	for i := range list {
		switch h := &list[i]; {
		case h.Section == "":
			fallback = h
		case h.handles(section) && (best == nil || len(h.Section) > len(best.Section)):
			best = h
		}
	}
	if best != nil {
		return best, ProgramKind{}
	}
	kind, known := KindOf(section)
	if known || fallback == nil {
		return nil, kind
	}
	return fallback, ProgramKind{}
}

// setUp lets handlers set up their programs.
func (o *Object) setUp() error {
	for _, p := range o.programs {
		if p.handler == nil || p.handler.Setup == nil {
			continue
		}
		if err := p.handler.Setup(p); err != nil {
			return refuse.At(refuse.StageOpen, p.section, p.name, fromHandler(err))
		}
	}
	return nil
}

// Attach attaches a program by its section's handler. Closing what it returns detaches the program,
// and comes before l is closed; closing l does not detach. The error is of [ClassNotSupported] if
// no handler attaches the program, and of [ClassNotFound] if there is no such program.
func (l *Loaded) Attach(program string) (io.Closer, error) {
	if err := l.checkProgram(program); err != nil {
		return nil, export(l.object.name, refuse.At(refuse.StageAttach, "", program, err))
	}
	p := l.object.Program(program)
	var err error
	switch {
	case p.handler == nil || p.handler.Attach == nil:
		err = refuse.ErrAttach
	default:
		var attached io.Closer
		if attached, err = p.handler.Attach(p, l); err == nil {
			return attached, nil
		}
		err = fromHandler(err)
	}
	return nil, export(l.object.name, refuse.At(refuse.StageAttach, p.section, p.name, err))
}
