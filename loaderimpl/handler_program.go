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

// A ProgramHandler says what the programs of a section are, and what is to be done with them. It is
// registered with [Options.ProgramHandlers], for the objects that are opened with these options and
// no others. The three functions are called in the order in which they stand here; each may be nil.
// Their errors are wrapped with their place, and have the class of what they wrap: of this
// package's sentinels, or an errno.
type ProgramHandler struct {
	// Section is the name of the section, without the ? that it may start with. A name that ends in
	// a slash stands for all that go on after the slash. The caller's handlers come before this
	// package's own table, [KindOf]; of several that match, the one with the longest Section is
	// asked.
	//
	// A handler whose Section is empty is the fallback, for sections that neither another handler
	// nor the table knows.
	Section string

	// Setup is called when the object is opened, for each program in the order of sections and
	// offsets, when everything else about the object is known. It sets the program up with its
	// setters; without, a program that a handler is for has no kind, and is loaded by default if
	// its section's name has no ?. An error refuses the object.
	Setup func(p *Program) error

	// Prepare is called when the object is loaded, for each program that is, right before it goes
	// to the kernel. An error fails the load.
	Prepare func(p *Preparation) error

	// Attach is called by [Loaded.Attach]. Closing what it returns undoes it.
	Attach func(p *Program, l *Loaded) (io.Closer, error)
}

// A Preparation is a program that is about to be loaded.
type Preparation struct {
	// Program is the program in the object. Its setters come too late.
	Program *Program
	// Maps are the object's maps by their names, without those that were left out. They are the
	// loader's to close.
	Maps map[string]*ebpf.Map
	// Kind is what the kernel will be told. It may be changed, for this load.
	Kind ProgramKind
	// Code are the program's instructions with all it calls, in this machine's byte order, 8 bytes
	// each, as they will go to the kernel: maps are descriptors, and types are this kernel's. Bytes
	// may be changed; there stay as many.
	Code []byte
}

// handles reports whether a handler is for the section of that name.
func (h *ProgramHandler) handles(section string) bool {
	if strings.HasSuffix(h.Section, "/") {
		return len(section) > len(h.Section) && strings.HasPrefix(section, h.Section)
	}
	return h.Section != "" && section == h.Section
}

// checkProgramHandlers refuses handlers that nobody could choose between.
func checkProgramHandlers(list []ProgramHandler) error {
	for i, h := range list {
		if slices.ContainsFunc(list[:i], func(other ProgramHandler) bool { return other.Section == h.Section }) {
			return fmt.Errorf("two handlers of programs in section %q: %w", h.Section, refuse.ErrHandler)
		}
	}
	return nil
}

// programHandler is the handler for a section, and the kind of program that this package's table
// says, if no handler comes before it.
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

// Attach has a program attached by its section's handler. Closing what is returned undoes it, and
// does so before l is closed; closing l does not. The error is of [ClassNotSupported] if no handler
// attaches the program, and of [ClassNotFound] if there is no such program.
func (l *Loaded) Attach(program string) (io.Closer, error) {
	p := l.object.Program(program)
	var err error
	switch {
	case l.Programs[program] == nil:
		return nil, export(l.object.name, refuse.At(refuse.StageAttach, "", program, refuse.ErrNotLoaded))
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
