// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"cmp"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/cilium/ebpf"
)

// Instructions that may refer to something outside of their function (include/uapi/linux/bpf.h).
const (
	opLoad64 = 0x18 // BPF_LD | BPF_DW | BPF_IMM, two instructions long
	opCall   = 0x85 // BPF_JMP | BPF_CALL

	pseudoMapFD    = 1 // of opLoad64
	pseudoMapValue = 2
	pseudoFunc     = 4
	pseudoCall     = 1 // of opCall
)

// resolver finds what instructions refer to.
type resolver struct {
	file      *file
	functions []function  // sorted by position
	maps      []position  // of each map; sorted
	dataIn    map[int]int // section of global data, by index, to its map
}

// resolve finds what every instruction refers to, so that nothing is left to be found missing when a program is loaded.
func (o *Object) resolve() error {
	if err := checkExterns(o.file, o.types); err != nil {
		return err
	}
	r := resolver{file: o.file, functions: o.functions, maps: make([]position, len(o.maps)), dataIn: make(map[int]int)}
	var s *section
	for i, m := range o.maps {
		if s == nil || s.name != m.def.Section {
			s = o.file.named(m.def.Section)
		}
		r.maps[i] = position{s.index, m.def.Offset}
		if m.def.Source == SourceData {
			r.dataIn[s.index] = i
		}
	}
	for i := 0; i < len(o.functions); {
		s := o.functions[i].section
		n := i
		for n < len(o.functions) && o.functions[n].section == s {
			n++
		}
		if err := r.section(s, o.functions[i:n]); err != nil {
			return at(StageResolve, s.name, "", err)
		}
		i = n
	}
	return o.checkSlots()
}

// checkSlots refuses values that name no map or program of the object.
func (o *Object) checkSlots() error {
	if !slices.ContainsFunc(o.maps, func(m *Map) bool { return len(m.def.Slots) > 0 }) {
		return nil
	}
	maps, programs := make(map[string]*Map, len(o.maps)), make(map[string]*Program, len(o.programs))
	for _, m := range o.maps {
		maps[m.def.Name] = m
	}
	for _, p := range o.programs {
		programs[p.name] = p
	}
	for _, m := range o.maps {
		for _, slot := range m.def.Slots {
			if err := m.def.checkSlot(maps[slot.Name], programs[slot.Name]); err != nil {
				return at(StageResolve, m.def.Section, m.def.Name, fmt.Errorf("slot %d: %s: %w", slot.Index, slot.Name, err))
			}
		}
		if err := m.def.checkRoom(); err != nil {
			return at(StageResolve, m.def.Section, m.def.Name, err)
		}
	}
	return nil
}

// checkSlot refuses a slot whose name is that of nothing in the object, or a map of maps: the kernel has no maps in maps in maps, be they a circle
// or not (bpf_map_meta_alloc).
func (d *Definition) checkSlot(inner *Map, program *Program) error {
	switch {
	case d.Type == ebpf.ProgramArray && program != nil:
	case holdsMaps(d.Type) && inner == nil, d.Type == ebpf.ProgramArray:
		return ErrExtern
	case !holdsMaps(d.Type):
		return fmt.Errorf("a map of type %v holds no maps or programs: %w", d.Type, ErrSlot)
	case holdsMaps(inner.def.Type):
		return fmt.Errorf("it holds maps itself, and maps in maps in maps are none: %w", ErrInner)
	}
	return nil
}

// checkRoom refuses more slots than a map has elements, and two for one. A map whose number of elements is 0 has to be given one before it is
// created.
func (d *Definition) checkRoom() error {
	for i, slot := range d.Slots {
		switch {
		case i > 0 && d.Slots[i-1].Index == slot.Index:
			return fmt.Errorf("slot %d: two values: %w", slot.Index, ErrSlot)
		case d.MaxEntries == 0:
		case d.Type == ebpf.HashOfMaps && uint64(len(d.Slots)) > uint64(d.MaxEntries):
			return fmt.Errorf("%d values in %d elements: %w", len(d.Slots), d.MaxEntries, ErrSlot)
		case d.Type != ebpf.HashOfMaps && slot.Index >= d.MaxEntries:
			return fmt.Errorf("slot %d of %d: %w", slot.Index, d.MaxEntries, ErrSlot)
		}
	}
	return nil
}

// checkExterns refuses what is declared and defined nowhere. Left alone it would be a null pointer to the verifier at best.
func checkExterns(f *file, types *types) error {
	for i := range f.symbols {
		y := &f.symbols[i]
		if y.section != elf.SHN_UNDEF || y.name == "" || y.kind == elf.STT_FILE {
			continue
		}
		for _, sec := range []string{".kconfig", ".ksyms"} {
			ofKernel, err := types.declares(sec, y.name)
			if err != nil {
				return at(StageResolve, sec, y.name, err)
			}
			if ofKernel {
				return at(StageResolve, sec, y.name, ErrKernelExtern)
			}
		}
		return at(StageResolve, "", y.name, ErrExtern)
	}
	return nil
}

// section resolves the functions of one section.
func (r *resolver) section(s *section, functions []function) error {
	relocs, err := r.file.relocations(s)
	if err != nil {
		return err
	}
	slices.SortStableFunc(relocs, func(a, b relocation) int { return cmp.Compare(a.offset, b.offset) })
	for i := range functions {
		fn := &functions[i]
		// Between functions there may be the code of a weak function that lost against a strong one; nobody runs it.
		for len(relocs) > 0 && relocs[0].offset < fn.offset {
			relocs = relocs[1:]
		}
		n := 0
		for n < len(relocs) && relocs[n].offset < fn.offset+uint64(len(fn.code)) {
			n++
		}
		if fn.refs, err = r.function(fn, relocs[:n]); err != nil {
			return at(StageResolve, s.name, fn.name, err)
		}
		relocs = relocs[n:]
	}
	return nil
}

// function walks the instructions of a function, side by side with its relocations.
func (r *resolver) function(fn *function, relocs []relocation) ([]reference, error) {
	var refs []reference
	for i := uint64(0); i < uint64(len(fn.code)); {
		insn := fn.code[i:]
		width := uint64(insnSize)
		if insn[0] == opLoad64 {
			if width *= 2; uint64(len(insn)) < width || insn[insnSize] != 0 {
				return nil, fmt.Errorf("instruction %d: half of a 64-bit load: %w", i/insnSize, ErrProgram)
			}
		}
		var rel *relocation
		if len(relocs) > 0 && relocs[0].offset < fn.offset+i+width {
			rel, relocs = &relocs[0], relocs[1:]
			if rel.offset != fn.offset+i {
				return nil, fmt.Errorf("at byte %d, inside or twice on an instruction: %w", rel.offset, ErrRelocation)
			}
		}
		ref, err := r.instruction(fn, insn[:width], fn.offset+i, rel)
		if err != nil {
			return nil, fmt.Errorf("instruction %d: %w", i/insnSize, err)
		}
		if ref != nil {
			ref.insn = uint32(i / insnSize)
			refs = append(refs, *ref)
		}
		i += width
	}
	return refs, nil
}

// instruction says what one instruction refers to, nil for nothing. It stands off bytes into its section.
func (r *resolver) instruction(fn *function, insn []byte, off uint64, rel *relocation) (*reference, error) {
	src := source(insn, r.file.order)
	imm := int64(int32(r.file.order.Uint32(insn[4:])))
	switch {
	case rel != nil && rel.typ == relocNone:
		return nil, nil
	case rel != nil && insn[0] == opLoad64 && rel.typ == reloc64:
		return r.load(&r.file.symbols[rel.symbol], imm)
	case rel != nil && insn[0] == opCall && rel.typ == relocCall:
		y := &r.file.symbols[rel.symbol]
		return r.call(refCall, position{int(y.section), y.value + uint64(imm+1)*insnSize}, y.name)
	case rel != nil:
		return nil, fmt.Errorf("relocation of type %d on opcode %#x: %w", rel.typ, insn[0], ErrRelocation)
	case insn[0] == opCall && src == pseudoCall:
		// A call within a section needs no relocation.
		return r.call(refCall, position{fn.section.index, off + uint64(imm+1)*insnSize}, "")
	case insn[0] == opLoad64 && src != 0:
		return nil, fmt.Errorf("load of kind %d names no symbol: %w", src, ErrRelocation)
	}
	return nil, nil
}

// source is the source register of an instruction, which says what kind of load or call it is.
func source(insn []byte, order byteOrder) byte {
	if order == byteOrder(binary.LittleEndian) {
		return insn[1] >> 4
	}
	return insn[1] & 0xf
}

// call refers to a function. Positions wrap like the kernel's arithmetic would; one that is wrong is not the start of a function.
func (r *resolver) call(kind refKind, to position, name string) (*reference, error) {
	i, ok := slices.BinarySearchFunc(r.functions, to, func(fn function, to position) int {
		return position{fn.section.index, fn.offset}.compare(to)
	})
	if !ok {
		return nil, fmt.Errorf("no function at byte %d of section %d (%s): %w", to.offset, to.section, name, ErrRelocation)
	}
	return &reference{kind: kind, target: i}, nil
}

// load refers to a map, to a byte of global data, or to a function.
func (r *resolver) load(y *symbol, addend int64) (*reference, error) {
	if y.section == elf.SHN_UNDEF || int(y.section) >= len(r.file.sections) {
		return nil, fmt.Errorf("symbol %s is in no section: %w", y.name, ErrRelocation)
	}
	s := &r.file.sections[y.section]
	to := position{s.index, y.value + uint64(addend)}
	if i, ok := r.dataIn[s.index]; ok {
		if to.offset >= s.size {
			return nil, fmt.Errorf("byte %d of section %s of %d: %w", to.offset, s.name, s.size, ErrRelocation)
		}
		return &reference{kind: refData, target: i, offset: uint32(to.offset)}, nil
	}
	if i, ok := slices.BinarySearchFunc(r.maps, to, position.compare); ok {
		return &reference{kind: refMap, target: i}, nil
	}
	switch {
	case holdsCode(s):
		return r.call(refFunc, to, y.name)
	case slices.ContainsFunc(r.maps, func(p position) bool { return p.section == s.index }):
		return nil, fmt.Errorf("byte %d of section %s (%s) is not the start of a map: %w", to.offset, s.name, y.name, ErrRelocation)
	}
	return nil, fmt.Errorf("%s in section %s: %w", y.name, s.name, ErrMapKind)
}
