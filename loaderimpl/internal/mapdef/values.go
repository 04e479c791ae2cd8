// SPDX-License-Identifier: Apache-2.0

package mapdef

import (
	"cmp"
	"debug/elf"
	"fmt"
	"slices"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/objfile"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/typeinfo"
)

// valuesAt says where a map's values are in its section: an array of pointers that runs to the end
// of its variable. It is empty for a map without values.
type valuesAt struct{ start, end uint64 }

// HoldsMaps reports whether the elements of a map are maps.
func HoldsMaps(t ebpf.MapType) bool { return t == ebpf.ArrayOfMaps || t == ebpf.HashOfMaps }

// checkValues reads the type of what a map holds from the start: pointers to functions for a
// PROG_ARRAY, to structs that define a map for a map of maps. The elements themselves are
// relocations.
func (r *structReader) checkValues() error {
	m, d := r.values, r.def
	if m.Name == "" {
		return nil
	}
	_, a, err := r.types.Plain(m.Type)
	if err != nil {
		return err
	}
	if a.Kind != typeinfo.KindArray || r.types.Word(a.Data[8:]) != 0 {
		return fmt.Errorf("values: not an array of unknown length: %w", refuse.ErrDefinition)
	}
	target, err := pointed(r.types, btf.TypeID(r.types.Word(a.Data)))
	switch {
	case err != nil:
		return fmt.Errorf("values: %w", err)
	case r.inner:
		return fmt.Errorf("maps in maps in maps: %w", refuse.ErrInner)
	case r.haveValueSize && d.ValueSize != 0 && d.ValueSize != 4:
		return fmt.Errorf("values: elements have 4 bytes, not %d: %w", d.ValueSize,
			refuse.ErrConflictingSize)
	}
	d.ValueSize = 4
	id, p, err := r.types.Plain(target)
	switch {
	case err != nil:
		return fmt.Errorf("values: %w", err)
	case HoldsMaps(d.Type):
		return r.readInner(id, &p)
	case d.Type != ebpf.ProgramArray:
		return fmt.Errorf("values: a map of type %v cannot hold maps or programs: %w", d.Type,
			refuse.ErrDefinition)
	case p.Kind != typeinfo.KindFuncProto:
		return fmt.Errorf("values: %v %s is no function: %w", p.Kind, p.Name, refuse.ErrDefinition)
	}
	return nil
}

// readInner reads what the maps in this map look like. The template is named as libbpf names it.
func (r *structReader) readInner(id btf.TypeID, s *typeinfo.Record) error {
	if s.Kind != typeinfo.KindStruct {
		return fmt.Errorf("values: %v %s is no struct: %w", s.Kind, s.Name, refuse.ErrInner)
	}
	inner := &Definition{Name: r.def.Name + ".inner", Section: r.def.Section, Source: SourceBTF}
	ir := structReader{in: r.in, types: r.types, def: inner, ignoreUnknown: r.ignoreUnknown,
		inner: true}
	if err := ir.read(id, s); err != nil {
		return fmt.Errorf("values: %w", err)
	}
	if HoldsMaps(inner.Type) {
		return fmt.Errorf("maps in maps in maps: %w", refuse.ErrInner)
	}
	r.def.Inner = inner
	return nil
}

// readSlots gives each relocation of a section of maps to the map in whose values it lies: one
// objfile.Relocation, one slot.
func readSlots(f *objfile.File, s *objfile.Section, handled handledList, defs []*Definition,
	values []valuesAt) error {
	relocs, err := f.Relocations(s)
	if err != nil {
		return err
	}
	for _, rel := range relocs {
		if handled.covers(rel.Offset) {
			continue
		}
		i, found := slices.BinarySearchFunc(defs, rel.Offset,
			func(d *Definition, off uint64) int { return cmp.Compare(d.Offset, off) })
		if !found {
			i--
		}
		if i < 0 || rel.Offset < values[i].start || rel.Offset >= values[i].end {
			return fmt.Errorf("pointer at byte %d is no value of a map: %w", rel.Offset,
				refuse.ErrRelocation)
		}
		slot, err := readSlot(f, rel, rel.Offset-values[i].start, defs[i])
		if err != nil {
			return refuse.At(refuse.StageDefine, s.Name, defs[i].Name,
				fmt.Errorf("values: %w", err))
		}
		defs[i].Slots = append(defs[i].Slots, slot)
	}
	for i := range defs {
		slices.SortFunc(defs[i].Slots, func(a, b Slot) int { return cmp.Compare(a.Index, b.Index) })
	}
	return nil
}

// readSlot reads one element, off bytes from the start of the values. LLVM before 13 gave pointers
// in data the type of relocation that 64-bit loads have (LLVM, 6a2ea84600ba, "BPF: Add more
// relocation kinds").
func readSlot(f *objfile.File, rel objfile.Relocation, off uint64, d *Definition) (Slot, error) {
	y := &f.Symbols[rel.Symbol]
	index, err := objfile.Offset32(off / typeinfo.PointerSize)
	switch {
	case err != nil:
		return Slot{}, err
	case rel.Type != objfile.RelocAbs64 && rel.Type != objfile.Reloc64 ||
		off%typeinfo.PointerSize != 0:
		return Slot{}, fmt.Errorf("relocation of type %d at byte %d: %w", rel.Type, off,
			refuse.ErrRelocation)
	case y.Section == elf.SHN_UNDEF || int(y.Section) >= len(f.Sections):
		return Slot{}, fmt.Errorf("slot %d: %s: %w", index, y.Name, refuse.ErrExtern)
	}
	s := &f.Sections[y.Section]
	switch {
	case HoldsMaps(d.Type) && s.Name != mapsSection:
		return Slot{}, fmt.Errorf("slot %d: %s is not in section %s: %w", index, y.Name,
			mapsSection, refuse.ErrRelocation)
	case d.Type == ebpf.ProgramArray && (y.Kind != elf.STT_FUNC || s.Name == objfile.TextSection):
		return Slot{}, fmt.Errorf("slot %d: %s is no program: %w", index, y.Name,
			refuse.ErrRelocation)
	case d.Type == ebpf.HashOfMaps && d.KeySize != 4:
		return Slot{}, fmt.Errorf("keys of %d bytes, and slots are numbered with 4: %w", d.KeySize,
			refuse.ErrDefinition)
	}
	return Slot{Index: index, Name: y.Name}, nil
}
