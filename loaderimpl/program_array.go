// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"errors"
	"fmt"

	"github.com/cilium/ebpf"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/mapdef"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
)

// An arrayFiller puts programs in the PROG_ARRAYs that hold them.
type arrayFiller struct {
	programs map[string]*ebpf.Program // by name
	undo     *undoStack
}

// fillAll fills the PROG_ARRAYs of a load.
func (f arrayFiller) fillAll(maps []*mapLoad) error {
	for _, m := range maps {
		if m.kernel == nil || m.def.Type != ebpf.ProgramArray {
			continue
		}
		if err := f.fill(m); err != nil {
			return refuse.At(refuse.StageLoad, m.def.Section, m.def.Name, err)
		}
	}
	return nil
}

// fill puts programs in a PROG_ARRAY. One that was there before keeps its own, unless iproute2
// defined it: there, loading an object again is how its programs are replaced
// (bpf_fill_prog_arrays).
func (f arrayFiller) fill(m *mapLoad) error {
	if m.reused && m.def.Source != mapdef.SourceIproute2 {
		return nil
	}
	for _, slot := range m.def.Slots {
		program := f.programs[slot.Name]
		if program == nil {
			return fmt.Errorf("slot %d: program %s was left out: %w", slot.Index, slot.Name,
				refuse.ErrNotCreated)
		}
		if m.reused {
			if err := f.keep(m.kernel, slot.Index); err != nil {
				return fmt.Errorf("slot %d: %s: %w", slot.Index, slot.Name, err)
			}
		}
		if err := m.kernel.Put(slot.Index, uint32(program.FD())); err != nil {
			return fmt.Errorf("slot %d: %s: %w", slot.Index, slot.Name, err)
		}
	}
	return nil
}

// keep holds the program that is in a slot until the end of the load, to put it back should the
// load fail.
func (f arrayFiller) keep(array *ebpf.Map, slot uint32) error {
	var id uint32
	err := array.Lookup(slot, &id)
	if errors.Is(err, ebpf.ErrKeyNotExist) {
		f.undo.push(func() error { return array.Delete(slot) })
		return nil
	}
	if err != nil {
		return fmt.Errorf("look up its program: %w", err)
	}
	old, err := ebpf.NewProgramFromID(ebpf.ProgramID(id))
	if err != nil {
		return fmt.Errorf("hold its program %d: %w", id, err)
	}
	f.undo.finally(func() { old.Close() })
	f.undo.push(func() error { return array.Put(slot, uint32(old.FD())) })
	return nil
}
