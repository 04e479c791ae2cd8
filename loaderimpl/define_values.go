// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"cmp"
	"debug/elf"
	"fmt"
	"slices"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"
)

// valuesAt is where in its section a map's values are: an array of pointers that runs to the end of its variable. It is empty for a map
// without values.
type valuesAt struct{ start, end uint64 }

const pointerSize = 8 // bytes of a pointer in a BPF object

// holdsMaps reports whether the elements of a map are maps.
func holdsMaps(t ebpf.MapType) bool { return t == ebpf.ArrayOfMaps || t == ebpf.HashOfMaps }

// checkValues reads the type of what a map holds from the start: pointers to functions for a PROG_ARRAY, to structs that define a map for a
// map of maps. The elements themselves are relocations.
func (r *structReader) checkValues() error {
	m, d := r.values, r.def
	if m.name == "" {
		return nil
	}
	_, a, err := r.types.plain(m.typ)
	if err != nil {
		return err
	}
	if a.kind != kindArray || r.types.order.Uint32(a.data[8:]) != 0 {
		return fmt.Errorf("values: not an array of unknown length: %w", ErrDefinition)
	}
	target, err := r.types.pointed(btf.TypeID(r.types.order.Uint32(a.data)))
	switch {
	case err != nil:
		return fmt.Errorf("values: %w", err)
	case r.inner:
		return fmt.Errorf("maps in maps in maps: %w", ErrInner)
	case r.haveValueSize && d.ValueSize != 0 && d.ValueSize != 4:
		return fmt.Errorf("values: elements have 4 bytes, not %d: %w", d.ValueSize, ErrConflictingSize)
	}
	d.ValueSize = 4
	id, p, err := r.types.plain(target)
	switch {
	case err != nil:
		return fmt.Errorf("values: %w", err)
	case holdsMaps(d.Type):
		return r.readInner(id, &p)
	case d.Type != ebpf.ProgramArray:
		return fmt.Errorf("values: a map of type %v cannot hold maps or programs: %w", d.Type, ErrDefinition)
	case p.kind != kindFuncProto:
		return fmt.Errorf("values: %v %s is no function: %w", p.kind, p.name, ErrDefinition)
	}
	return nil
}

// readInner reads what the maps in this map look like. The template is named as libbpf names it.
func (r *structReader) readInner(id btf.TypeID, s *record) error {
	if s.kind != kindStruct {
		return fmt.Errorf("values: %v %s is no struct: %w", s.kind, s.name, ErrInner)
	}
	inner := &Definition{Name: r.def.Name + ".inner", Section: r.def.Section, Source: SourceBTF}
	ir := structReader{in: r.in, types: r.types, def: inner, relax: r.relax, inner: true}
	if err := ir.read(id, s); err != nil {
		return fmt.Errorf("values: %w", err)
	}
	if holdsMaps(inner.Type) {
		return fmt.Errorf("maps in maps in maps: %w", ErrInner)
	}
	r.def.Inner = inner
	return nil
}

// readSlots gives each relocation of a section of maps to the map in whose values it lies: one relocation, one slot.
func readSlots(f *file, s *section, defs []*Definition, values []valuesAt) error {
	relocs, err := f.relocations(s)
	if err != nil {
		return err
	}
	for _, rel := range relocs {
		if s.tookByte(rel.offset) {
			continue
		}
		i, found := slices.BinarySearchFunc(defs, rel.offset, func(d *Definition, off uint64) int { return cmp.Compare(d.Offset, off) })
		if !found {
			i--
		}
		if i < 0 || rel.offset < values[i].start || rel.offset >= values[i].end {
			return fmt.Errorf("pointer at byte %d is no value of a map: %w", rel.offset, ErrRelocation)
		}
		slot, err := readSlot(f, rel, rel.offset-values[i].start, defs[i])
		if err != nil {
			return at(StageDefine, s.name, defs[i].Name, fmt.Errorf("values: %w", err))
		}
		defs[i].Slots = append(defs[i].Slots, slot)
	}
	for i := range defs {
		slices.SortFunc(defs[i].Slots, func(a, b Slot) int { return cmp.Compare(a.Index, b.Index) })
	}
	return nil
}

// readSlot reads one element. It stands off bytes from the start of the values.
func readSlot(f *file, rel relocation, off uint64, d *Definition) (Slot, error) {
	y := &f.symbols[rel.symbol]
	index, err := offset32(off / pointerSize)
	switch {
	case err != nil:
		return Slot{}, err
	case rel.typ != relocAbs64 || off%pointerSize != 0:
		return Slot{}, fmt.Errorf("relocation of type %d at byte %d: %w", rel.typ, off, ErrRelocation)
	case y.section == elf.SHN_UNDEF || int(y.section) >= len(f.sections):
		return Slot{}, fmt.Errorf("slot %d: %s: %w", index, y.name, ErrExtern)
	}
	s := &f.sections[y.section]
	switch {
	case holdsMaps(d.Type) && s.name != mapsSection:
		return Slot{}, fmt.Errorf("slot %d: %s is not in section %s: %w", index, y.name, mapsSection, ErrRelocation)
	case d.Type == ebpf.ProgramArray && (y.kind != elf.STT_FUNC || s.name == textSection):
		return Slot{}, fmt.Errorf("slot %d: %s is no program: %w", index, y.name, ErrRelocation)
	case d.Type == ebpf.HashOfMaps && d.KeySize != 4:
		return Slot{}, fmt.Errorf("keys of %d bytes, and slots are numbered with 4: %w", d.KeySize, ErrDefinition)
	}
	return Slot{Index: index, Name: y.name}, nil
}
