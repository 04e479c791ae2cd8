// SPDX-License-Identifier: Apache-2.0

package mapdef

import (
	"fmt"
	"slices"

	"github.com/cilium/ebpf"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
)

// CheckSlots refuses slots that name no map of the definitions, and no program by isProgram.
func CheckSlots(defs []*Definition, isProgram func(name string) bool) error {
	if !slices.ContainsFunc(defs, func(d *Definition) bool { return len(d.Slots) > 0 }) {
		return nil
	}
	maps := make(map[string]*Definition, len(defs))
	for _, d := range defs {
		maps[d.Name] = d
	}
	for _, d := range defs {
		for _, slot := range d.Slots {
			if err := d.checkSlot(maps[slot.Name], isProgram(slot.Name)); err != nil {
				return refuse.At(refuse.StageResolve, d.Section, d.Name,
					fmt.Errorf("slot %d: %s: %w", slot.Index, slot.Name, err))
			}
		}
		if err := d.checkRoom(); err != nil {
			return refuse.At(refuse.StageResolve, d.Section, d.Name, err)
		}
	}
	return nil
}

// checkSlot refuses a slot that names nothing in the object, or a map of maps: the kernel has no
// maps in maps in maps, whether or not they are a circle (bpf_map_meta_alloc).
func (d *Definition) checkSlot(inner *Definition, program bool) error {
	switch {
	case d.Type == ebpf.ProgramArray && program:
	case HoldsMaps(d.Type) && inner == nil, d.Type == ebpf.ProgramArray:
		return refuse.ErrExtern
	case !HoldsMaps(d.Type):
		return fmt.Errorf("a map of type %v holds no maps or programs: %w", d.Type, refuse.ErrSlot)
	case HoldsMaps(inner.Type):
		return fmt.Errorf("it holds maps itself, and maps in maps in maps are none: %w",
			refuse.ErrInner)
	}
	return nil
}

// checkRoom refuses more slots than a map has elements, and two for one. A map whose number of
// elements is 0 has to be given one before it is created.
func (d *Definition) checkRoom() error {
	for i, slot := range d.Slots {
		switch {
		case i > 0 && d.Slots[i-1].Index == slot.Index:
			return fmt.Errorf("slot %d: two values: %w", slot.Index, refuse.ErrSlot)
		case d.MaxEntries == 0:
		case d.Type == ebpf.HashOfMaps && uint64(len(d.Slots)) > uint64(d.MaxEntries):
			return fmt.Errorf("%d values in %d elements: %w", len(d.Slots), d.MaxEntries,
				refuse.ErrSlot)
		case d.Type != ebpf.HashOfMaps && slot.Index >= d.MaxEntries:
			return fmt.Errorf("slot %d of %d: %w", slot.Index, d.MaxEntries, refuse.ErrSlot)
		}
	}
	return nil
}
