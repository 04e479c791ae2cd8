// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"fmt"
	"strings"

	"github.com/cilium/ebpf"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/code"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/objfile"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
)

// A Program stands for an entry point: a function that is loaded together with those it calls.
type Program struct {
	object   *Object
	name     string
	section  string
	kind     ProgramKind
	handler  *ProgramHandler // of the caller's; nil for none
	function int             // index into object.functions
	autoload bool
	// autoloadSet says that a caller asked for autoload or against it.
	autoloadSet bool
	takenOut    bool // of a structure, by a caller
	tailCall    bool // its section names a slot of a PROG_ARRAY, and no kind

	target       *ebpf.Program // that the program extends; nil for none
	kindOfCaller bool          // kind is that of the programs which call it, found out by a load
}

// Name returns the name of the program's function.
func (p *Program) Name() string { return p.name }

// Section returns the name of the program's section as it stands in the object, with its ? if it
// has one.
func (p *Program) Section() string { return p.section }

// Kind returns what the program is for: what its section name or its handler says, or what was set.
// Its Type is [ebpf.UnspecifiedProgram] if none says anything. A program in one of iproute2's
// sections of tail calls, ID/SLOT, gets the kind of the programs that call it when it is loaded.
func (p *Program) Kind() ProgramKind { return p.kind }

// SetKind changes what the program is for. It is refused with [ClassInvalid] after a load.
func (p *Program) SetKind(k ProgramKind) error {
	return p.object.change(p.name, func() error {
		p.kind = k
		return nil
	})
}

// Autoload reports whether the program will be loaded: by default yes, unless its section's name
// starts with a ?. A program of structures goes with them by default, whatever its section: it is
// loaded if one that it is in is made.
func (p *Program) Autoload() bool { return p.willLoad() }

// SetAutoload says whether to load the program. It is refused with [ClassInvalid] after a load.
func (p *Program) SetAutoload(load bool) error {
	return p.object.change(p.name, func() error {
		p.autoload, p.autoloadSet = load, true
		return nil
	})
}

// A ProgramKind tells the kernel what a program is for.
type ProgramKind struct {
	Type       ebpf.ProgramType
	AttachType ebpf.AttachType // the expected one; 0 where the type has none
	AttachTo   string          // kernel function, type of iterator, ...; may be empty
	Flags      uint32          // BPF_F_... of BPF_PROG_LOAD
}

// KindOf returns what a section name says about the programs in it, by the rules of libbpf's table
// (section_defs, sec_def_matches): a name matches exactly, and a name of the table that ends in +
// also with a slash and anything after it. A leading ? (do not load by default) is not part of the
// name. KindOf reports false for a name that says nothing, such as "prog".
func KindOf(section string) (ProgramKind, bool) {
	k, ok := code.KindOf(section)
	return ProgramKind(k), ok
}

// findPrograms makes programs of the functions that are entry points: all but those in .text.
func (o *Object) findPrograms(handlers []ProgramHandler) error {
	names := make(map[string]bool)
	for i := range o.functions {
		fn := &o.functions[i]
		if fn.Section.Name == objfile.TextSection {
			continue
		}
		if names[fn.Name] {
			return refuse.At(refuse.StageOpen, fn.Section.Name, fn.Name,
				fmt.Errorf("two programs: %w", refuse.ErrDuplicate))
		}
		names[fn.Name] = true
		handler, kind := programHandler(handlers, fn.Section.Name)
		o.programs = append(o.programs, &Program{
			object: o, name: fn.Name, section: fn.Section.Name, kind: kind, handler: handler,
			function: i,
			autoload: !strings.HasPrefix(fn.Section.Name, "?"),
		})
	}
	return nil
}
