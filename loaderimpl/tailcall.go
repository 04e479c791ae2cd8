// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cilium/ebpf"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/mapdef"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
)

// iproute2 has tail calls filled in by the names of sections: a program in section ID/SLOT goes
// into that slot of the PROG_ARRAY whose definition has that id (bpf_fill_prog_arrays). Such names
// mean so only in objects with definitions of iproute2's.

// tailCallSection reads the name of a section of tail calls: two numbers of 32 bits, decimal,
// hexadecimal after 0x, octal after 0. iproute2 reads them with scanf's %i, which also lets signs,
// spaces and anything behind the second number pass; those are no numbers here.
func tailCallSection(name string) (id, slot uint32, ok bool) {
	first, second, found := strings.Cut(name, "/")
	id, okID := mapdef.ScanNumber(first)
	slot, okSlot := mapdef.ScanNumber(second)
	return id, slot, found && okID && okSlot
}

// findTailCalls gives the programs in sections of tail calls to their arrays, unless the caller has
// a handler for the section. As the section is known, the handler for unknown ones is none.
func (o *Object) findTailCalls() error {
	if !slices.ContainsFunc(o.maps,
		func(m *Map) bool { return m.def.Source == mapdef.SourceIproute2 }) {
		return nil
	}
	for _, p := range o.programs {
		id, slot, ok := tailCallSection(p.section)
		if !ok || p.handler != nil && p.handler.Section != "" {
			continue
		}
		array, err := o.tailCallArray(id)
		if err == nil {
			err = array.AddSlot(slot, p.name)
		}
		if err != nil {
			return refuse.At(refuse.StageResolve, p.section, p.name, err)
		}
		p.tailCall, p.kind, p.handler = true, ProgramKind{}, nil
	}
	for _, m := range o.maps {
		if m.def.Source == mapdef.SourceIproute2 && m.def.Type == ebpf.ProgramArray {
			m.def.SortSlots()
		}
	}
	return nil
}

// tailCallArray returns the PROG_ARRAY of that id. iproute2 takes the first of several, and does
// not load the programs of a section that names none; both would leave slots empty that the
// programmer wanted filled.
func (o *Object) tailCallArray(id uint32) (*mapdef.Definition, error) {
	var array *mapdef.Definition
	for _, m := range o.maps {
		if m.def.Source != mapdef.SourceIproute2 || m.def.Type != ebpf.ProgramArray ||
			m.def.Iproute2.ID != id {
			continue
		}
		if array != nil {
			return nil, fmt.Errorf("%s and %s are both PROG_ARRAYs of id %d: %w", array.Name,
				m.def.Name, id, refuse.ErrMapID)
		}
		array = m.def
	}
	if array == nil {
		return nil, fmt.Errorf("no PROG_ARRAY has id %d: %w", id, refuse.ErrMapID)
	}
	return array, nil
}

// settleTailCalls gives programs in sections of tail calls the kind of the programs that call them,
// as the kernel requires of a PROG_ARRAY. iproute2 loads one other section, and so knows the kind.
// Here those that will be loaded have to be of one kind, or the caller has to set it.
func (o *Object) settleTailCalls() error {
	i := slices.IndexFunc(o.programs, (*Program).untyped)
	if i < 0 {
		return nil
	}
	var entry *Program
	for _, p := range o.programs {
		switch {
		case p.tailCall || !p.autoload || p.kind.Type == ebpf.UnspecifiedProgram:
		case entry == nil:
			entry = p
		case entry.kind != p.kind:
			return refuse.At(refuse.StageLoad, o.programs[i].section, o.programs[i].name,
				fmt.Errorf("%s is for %v, %v, and %s for %v, %v: %w",
					entry.name, entry.kind.Type, entry.kind.AttachType, p.name, p.kind.Type,
					p.kind.AttachType, refuse.ErrTailCallType))
		}
	}
	if entry == nil {
		return o.blameForTailCalls(o.programs[i])
	}
	for _, p := range o.programs {
		if p.untyped() {
			p.kind, p.kindOfCaller = entry.kind, true
		}
	}
	return nil
}

// blameForTailCalls says why a tail call has no kind: the program that would give it one has none
// itself, or there is none. The name of the tail call's section is right as it is.
func (o *Object) blameForTailCalls(tail *Program) error {
	for _, p := range o.programs {
		if p.autoload && !p.tailCall && p.kind.Type == ebpf.UnspecifiedProgram {
			return refuse.At(refuse.StageLoad, p.section, p.name,
				fmt.Errorf("and %s would be of its type: %w", tail.name, refuse.ErrProgramType))
		}
	}
	return refuse.At(refuse.StageLoad, tail.section, tail.name, refuse.ErrTailCallType)
}

// untyped reports whether a program will be loaded as a tail call and has no kind yet.
func (p *Program) untyped() bool {
	return p.tailCall && p.autoload && p.kind.Type == ebpf.UnspecifiedProgram
}
