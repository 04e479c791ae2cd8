// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"cmp"
	"debug/elf"
	"fmt"
	"slices"
	"strings"

	"github.com/cilium/ebpf"
)

// textSection holds functions that programs call, and no programs.
const textSection = ".text"

const insnSize = 8 // bytes of one instruction

// A Program is an entry point: a function that is loaded together with those it calls.
type Program struct {
	object   *Object
	name     string
	section  string
	kind     ProgramKind
	handler  *ProgramHandler // of the caller's; nil for none
	function int             // index into object.functions
	autoload bool
	tailCall bool // its section says which slot of a PROG_ARRAY it goes into, and nothing of its kind
}

// Name is the name of the program's function.
func (p *Program) Name() string { return p.name }

// Section is the name of the program's section as it stands in the object, with its ? if it has one.
func (p *Program) Section() string { return p.section }

// Kind is what the kernel will be told the program is for: what its section name or its handler says, or what was set. Its Type is
// [ebpf.UnspecifiedProgram] if neither says anything. A program in one of iproute2's sections of tail calls, ID/SLOT, gets the kind of the
// programs that call it when it is loaded.
func (p *Program) Kind() ProgramKind { return p.kind }

// SetKind says what the program is for, instead of its section name. It returns an error wrapping [ErrLoaded] after a load.
func (p *Program) SetKind(k ProgramKind) error {
	return p.object.change(p.name, func() error {
		p.kind = k
		return nil
	})
}

// SetType is [Program.SetKind] with a type alone.
func (p *Program) SetType(t ebpf.ProgramType) error { return p.SetKind(ProgramKind{Type: t}) }

// Autoload is whether the program will be loaded: by default yes, unless its section's name starts with a ?.
func (p *Program) Autoload() bool { return p.autoload }

// SetAutoload leaves the program out, or in. It returns an error wrapping [ErrLoaded] after a load.
func (p *Program) SetAutoload(load bool) error {
	return p.object.change(p.name, func() error {
		p.autoload = load
		return nil
	})
}

// A function is a run of code with a name: a program, or part of one.
type function struct {
	name    string
	section *section
	offset  uint64 // in the section, bytes
	code    []byte
	refs    []reference // in the order of instructions
}

// A reference is an instruction that means something outside of its function.
type reference struct {
	insn   uint32 // index of the instruction in its function; a 64-bit load counts as two
	kind   refKind
	target int    // index into object.maps or object.functions
	offset uint32 // refData: into the map's value, bytes
}

type refKind uint8

const (
	refMap  refKind = iota // 64-bit load of a map
	refData                // 64-bit load of an address in a map's value
	refCall                // call of a function
	refFunc                // 64-bit load of a function's address
)

// position is where a definition or function starts: a section's index, and bytes into it.
type position struct {
	section int
	offset  uint64
}

// compare orders positions as they come in the file's table of sections.
func (p position) compare(q position) int {
	return cmp.Or(cmp.Compare(p.section, q.section), cmp.Compare(p.offset, q.offset))
}

// holdsCode reports whether a section holds functions.
func holdsCode(s *section) bool {
	return s.typ == elf.SHT_PROGBITS && s.flags&elf.SHF_EXECINSTR != 0 && s.size > 0
}

// findFunctions lists the functions of an object, in the order of sections and offsets.
func findFunctions(f *file) ([]function, error) {
	var list []function
	names := make(map[string]bool)
	for i := range f.sections {
		s := &f.sections[i]
		if !holdsCode(s) {
			continue
		}
		if names[s.name] {
			return nil, at(StageOpen, s.name, "", fmt.Errorf("two sections of that name: %w", ErrELF))
		}
		names[s.name] = true
		found, err := functionsIn(s)
		if err != nil {
			return nil, at(StageOpen, s.name, "", err)
		}
		list = append(list, found...)
	}
	return list, nil
}

func functionsIn(s *section) ([]function, error) {
	var list []function
	for _, y := range s.symbols {
		if y.kind != elf.STT_FUNC {
			continue
		}
		switch {
		case y.name == "":
			return nil, fmt.Errorf("function at byte %d has no name: %w", y.value, ErrProgram)
		case y.value%insnSize != 0 || y.size%insnSize != 0 || y.size == 0:
			return nil, at(StageOpen, s.name, y.name, fmt.Errorf("%d bytes at %d are no instructions: %w", y.size, y.value, ErrProgram))
		case y.bind == elf.STB_LOCAL && s.name != textSection:
			return nil, at(StageOpen, s.name, y.name, ErrStaticEntry)
		}
		list = append(list, function{name: y.name, section: s, offset: y.value, code: s.data[y.value : y.value+y.size]})
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("code without a function: %w", ErrProgram)
	}
	slices.SortFunc(list, func(a, b function) int { return cmp.Compare(a.offset, b.offset) })
	for i := 1; i < len(list); i++ {
		if prev := &list[i-1]; prev.offset+uint64(len(prev.code)) > list[i].offset {
			return nil, at(StageOpen, s.name, list[i].name, fmt.Errorf("overlaps %s: %w", prev.name, ErrProgram))
		}
	}
	return list, nil
}

// findPrograms makes programs of the functions that are entry points: all but those in .text.
func (o *Object) findPrograms(handlers []ProgramHandler) error {
	names := make(map[string]bool)
	for i := range o.functions {
		fn := &o.functions[i]
		if fn.section.name == textSection {
			continue
		}
		if names[fn.name] {
			return at(StageOpen, fn.section.name, fn.name, fmt.Errorf("two programs: %w", ErrDuplicate))
		}
		names[fn.name] = true
		handler, kind := programHandler(handlers, fn.section.name)
		o.programs = append(o.programs, &Program{
			object: o, name: fn.name, section: fn.section.name, kind: kind, handler: handler, function: i,
			autoload: !strings.HasPrefix(fn.section.name, "?"),
		})
	}
	return nil
}
