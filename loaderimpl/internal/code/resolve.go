// SPDX-License-Identifier: Apache-2.0

package code

import (
	"bytes"
	"cmp"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/externs"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/mapdef"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/objfile"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
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
	file      *objfile.File
	functions []Function  // sorted by position
	maps      []mapAt     // sorted by position
	dataIn    map[int]int // section of global data, by index, to its map
	externs   *externs.List
	options   int // the map of options; -1 for none
	defs      []*mapdef.Definition
}

// A mapAt says where the definition of a map starts.
type mapAt struct {
	position
	index int
}

// Resolve finds what every instruction refers to, so that nothing is left to be found missing when
// a program is loaded. The functions are in the order of [Functions]; maps are referred to by their
// index in defs, and externs by theirs in the list.
func Resolve(f *objfile.File, functions []Function, defs []*mapdef.Definition,
	list *externs.List) error {
	r := resolver{file: f, functions: functions, maps: make([]mapAt, 0, len(defs)),
		dataIn: make(map[int]int), externs: list, options: -1, defs: defs}
	var s *objfile.Section
	for i, d := range defs {
		if d.Source == mapdef.SourceKconfig { // which is in no section
			r.options = i
			continue
		}
		if s == nil || s.Name != d.Section {
			s = f.Named(d.Section)
		}
		r.maps = append(r.maps, mapAt{position{s.Index, d.Offset}, i})
		switch {
		case d.Source == mapdef.SourceData:
			r.dataIn[s.Index] = i
		case d.Arena != nil:
			r.dataIn[f.Named(mapdef.ArenaSection).Index] = i
		}
	}
	slices.SortFunc(r.maps, func(a, b mapAt) int { return a.compare(b.position) })
	for i := 0; i < len(functions); {
		s := functions[i].Section
		n := i
		for n < len(functions) && functions[n].Section == s {
			n++
		}
		if err := r.section(s, functions[i:n]); err != nil {
			return refuse.At(refuse.StageResolve, s.Name, "", err)
		}
		i = n
	}
	return nil
}

// section resolves the functions of one section.
func (r *resolver) section(s *objfile.Section, functions []Function) error {
	relocs, err := r.file.Relocations(s)
	if err != nil {
		return err
	}
	slices.SortStableFunc(relocs, func(a, b objfile.Relocation) int {
		return cmp.Compare(a.Offset, b.Offset)
	})
	for i := range functions {
		fn := &functions[i]
		// Between functions there may be the code of a weak function that lost against a strong
		// one, which is never called.
		for len(relocs) > 0 && relocs[0].Offset < fn.Offset {
			relocs = relocs[1:]
		}
		n := 0
		for n < len(relocs) && relocs[n].Offset < fn.Offset+uint64(len(fn.Code)) {
			n++
		}
		if fn.Refs, err = r.function(fn, relocs[:n]); err != nil {
			return refuse.At(refuse.StageResolve, s.Name, fn.Name, err)
		}
		relocs = relocs[n:]
	}
	return nil
}

// function walks the instructions of a function, side by side with its relocations.
func (r *resolver) function(fn *Function, relocs []objfile.Relocation) ([]Reference, error) {
	var refs []Reference
	for i := uint64(0); i < uint64(len(fn.Code)); {
		insn := fn.Code[i:]
		width := uint64(objfile.InsnSize)
		if insn[0] == opLoad64 {
			if width *= 2; uint64(len(insn)) < width || insn[objfile.InsnSize] != 0 {
				return nil, fmt.Errorf("instruction %d: half of a 64-bit load: %w",
					i/objfile.InsnSize, refuse.ErrProgram)
			}
		}
		var rel *objfile.Relocation
		if len(relocs) > 0 && relocs[0].Offset < fn.Offset+i+width {
			rel, relocs = &relocs[0], relocs[1:]
			if rel.Offset != fn.Offset+i {
				return nil, fmt.Errorf("at byte %d, inside or twice on an instruction: %w",
					rel.Offset, refuse.ErrRelocation)
			}
		}
		ref, err := r.instruction(fn, insn[:width], fn.Offset+i, rel)
		if err != nil {
			return nil, fmt.Errorf("instruction %d: %w", i/objfile.InsnSize, err)
		}
		if ref != nil {
			ref.Insn = uint32(i / objfile.InsnSize)
			refs = append(refs, *ref)
		}
		i += width
	}
	return refs, nil
}

// instruction returns what one instruction refers to, nil for nothing. It stands off bytes into its
// section.
func (r *resolver) instruction(fn *Function, insn []byte, off uint64,
	rel *objfile.Relocation) (*Reference, error) {
	src := source(insn, r.file.Order)
	imm := int64(int32(r.file.Order.Uint32(insn[4:])))
	switch {
	case rel != nil && rel.Type == objfile.RelocNone:
		return nil, nil
	case rel != nil && insn[0] == opLoad64 && rel.Type == objfile.Reloc64:
		return r.load(&r.file.Symbols[rel.Symbol], imm)
	case rel != nil && insn[0] == opCall && rel.Type == objfile.RelocCall:
		y := &r.file.Symbols[rel.Symbol]
		if y.Section == elf.SHN_UNDEF {
			return r.kfunc(y, imm)
		}
		if y.Kind == elf.STT_FUNC && imm != -1 {
			return nil, fmt.Errorf("call %d instructions into %s: %w", imm+1, y.Name,
				refuse.ErrAddend)
		}
		return r.call(RefCall, position{int(y.Section), y.Value + uint64(imm+1)*objfile.InsnSize},
			y.Name)
	case rel != nil:
		return nil, fmt.Errorf("relocation of type %d on opcode %#x: %w", rel.Type, insn[0],
			refuse.ErrRelocation)
	case insn[0] == opCall && src == pseudoCall:
		// A call within a section needs no relocation.
		return r.call(RefCall, position{fn.Section.Index, off + uint64(imm+1)*objfile.InsnSize}, "")
	case insn[0] == opLoad64 && src != 0:
		return nil, fmt.Errorf("load of kind %d names no symbol: %w", src, refuse.ErrRelocation)
	}
	return nil, nil
}

// source returns the source register of an instruction, which says what kind of load or call it is.
func source(insn []byte, order objfile.ByteOrder) byte {
	if order == objfile.ByteOrder(binary.LittleEndian) {
		return insn[1] >> 4
	}
	return insn[1] & 0xf
}

// call refers to a function. Positions wrap like the kernel's arithmetic would; one that is wrong
// is not the start of a function.
func (r *resolver) call(kind RefKind, to position, name string) (*Reference, error) {
	i, ok := slices.BinarySearchFunc(r.functions, to, func(fn Function, to position) int {
		return position{fn.Section.Index, fn.Offset}.compare(to)
	})
	if !ok {
		return nil, fmt.Errorf("no function at byte %d of section %d (%s): %w", to.offset,
			to.section, name, refuse.ErrRelocation)
	}
	return &Reference{Kind: kind, Target: i}, nil
}

// load refers to a map, to a byte of global data, or to a function.
func (r *resolver) load(y *objfile.Symbol, addend int64) (*Reference, error) {
	if y.Section == elf.SHN_UNDEF {
		return r.extern(y, addend)
	}
	if int(y.Section) >= len(r.file.Sections) {
		return nil, fmt.Errorf("symbol %s is in no section: %w", y.Name, refuse.ErrRelocation)
	}
	s := &r.file.Sections[y.Section]
	to := position{s.Index, y.Value + uint64(addend)}
	if err := r.checkAddend(s, y, addend); err != nil {
		return nil, err
	}
	if i, ok := r.dataIn[s.Index]; ok {
		if to.offset >= s.Size {
			return nil, fmt.Errorf("byte %d of section %s of %d: %w", to.offset, s.Name, s.Size,
				refuse.ErrRelocation)
		}
		if err := checkPointers(s, r.defs[i].Pointers, to.offset); err != nil {
			return nil, err
		}
		return &Reference{Kind: RefData, Target: i, Offset: uint32(to.offset)}, nil
	}
	if i, ok := slices.BinarySearchFunc(r.maps, to, func(m mapAt,
		to position) int {
		return m.compare(to)
	}); ok {
		return &Reference{Kind: RefMap, Target: r.maps[i].index}, nil
	}
	switch {
	case s.HoldsCode():
		return r.call(RefFunc, to, y.Name)
	case slices.ContainsFunc(r.maps, func(m mapAt) bool { return m.section == s.Index }):
		return nil, fmt.Errorf("byte %d of section %s (%s) is not the start of a map: %w",
			to.offset, s.Name, y.Name, refuse.ErrRelocation)
	}
	return nil, fmt.Errorf("%s in section %s: %w", y.Name, s.Name, refuse.ErrMapKind)
}

// checkPointers refuses a reference to a variable that holds a pointer, which nothing fills in.
// Other variables of the section are none of its business. Where no symbol says which variable it
// is, it may be any of the section.
func checkPointers(s *objfile.Section, pointers []uint64, to uint64) error {
	if len(pointers) == 0 {
		return nil
	}
	begin, end, name := uint64(0), s.Size, "an unnamed variable"
	for _, y := range s.Symbols {
		if y.Kind == elf.STT_OBJECT && y.Value <= to && to-y.Value < y.Size {
			begin, end, name = y.Value, y.Value+min(y.Size, s.Size-y.Value), y.Name
			break
		}
	}
	for _, at := range pointers {
		if at >= begin && at < end {
			return fmt.Errorf("%s in section %s holds a pointer at byte %d, which cannot be filled "+
				"in: give the program what it points to by an index or in code: %w", name, s.Name, at,
				refuse.ErrRelocation)
		}
	}
	return nil
}

// checkAddend refuses an addend that cannot be meant. What an instruction refers to is the symbol's
// value and the addend in the instruction (Documentation/bpf/llvm_reloc.rst; GNU ld,
// bpf_elf_relocate_section), and to what is in the middle of a map or function no instruction can
// refer: the sum would be another map, unseen.
//
// The GNU assembler up to 2.40 puts the symbol's value into the addend too, which its own linker
// then adds again. In data that is a variable like any other, so there it takes the compiler's
// name in section .comment to see it. libbpf and cilium/ebpf do not look at the addend of a map,
// and read another variable than the programmer's.
func (r *resolver) checkAddend(s *objfile.Section, y *objfile.Symbol, addend int64) error {
	if addend == 0 || y.Kind == elf.STT_SECTION || y.Name == "" {
		return nil
	}
	_, isData := r.dataIn[s.Index]
	if isData && (uint64(addend) != y.Value || !bytes.Contains(r.comment(), []byte("GCC:"))) {
		return nil
	}
	return fmt.Errorf("%d bytes into %s: %w", addend, y.Name, refuse.ErrAddend)
}

// comment returns what compilers say of themselves.
func (r *resolver) comment() []byte {
	if s := r.file.Named(".comment"); s != nil {
		return s.Data
	}
	return nil
}
