// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"errors"
	"fmt"
	"syscall"

	"github.com/cilium/ebpf"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/sys"
)

// An arrayFiller puts programs in the PROG_ARRAYs that hold them.
type arrayFiller struct {
	programs map[string]*ebpf.Program // by name
	undo     *undoStack
}

// fillAll fills the PROG_ARRAYs of a load, once it is known that every slot can be filled.
func (f arrayFiller) fillAll(maps []*mapLoad) error {
	for _, step := range []func(*mapLoad) error{f.check, f.fill} {
		for _, m := range maps {
			if m.kernel == nil || m.def.Type != ebpf.ProgramArray {
				continue
			}
			if err := step(m); err != nil {
				return refuse.At(refuse.StageLoad, m.def.Section, m.def.Name, err)
			}
		}
	}
	return nil
}

// check refuses a slot whose program was left out.
func (f arrayFiller) check(m *mapLoad) error {
	for _, slot := range m.def.Slots {
		if f.programs[slot.Name] == nil {
			return fmt.Errorf("slot %d: program %s was left out: %w", slot.Index, slot.Name,
				refuse.ErrNotCreated)
		}
	}
	return nil
}

// fill puts programs in a PROG_ARRAY, also in one that was there before: otherwise the program that
// was just loaded would jump into those of an older load, and those loaded beside it would run
// nowhere. So do iproute2 (bpf_fill_prog_arrays), libbpf (init_prog_array_slots) and cilium/ebpf.
// Slots that the definition does not name stay as they are.
func (f arrayFiller) fill(m *mapLoad) error {
	for _, slot := range m.def.Slots {
		if m.reused {
			if err := f.keep(m, slot.Index); err != nil {
				return fmt.Errorf("slot %d: %s: %w", slot.Index, slot.Name, err)
			}
		}
		if err := m.kernel.Put(slot.Index, uint32(f.programs[slot.Name].FD())); err != nil {
			return fmt.Errorf("slot %d: %s: %w", slot.Index, slot.Name, explainFill(err, m))
		}
	}
	return nil
}

// keep holds the program that is in a slot until the end of the load, to put it back should the
// load fail. A descriptor of a program of another takes CAP_SYS_ADMIN; without it the load goes on,
// and if it fails, its error says that the slot has the new program.
func (f arrayFiller) keep(m *mapLoad, slot uint32) error {
	array := m.kernel
	id, err := programIn(m, slot)
	if errors.Is(err, ebpf.ErrKeyNotExist) {
		f.undo.push(func() error { return array.Delete(slot) })
		return nil
	}
	if err != nil {
		return fmt.Errorf("look up its program: %w", err)
	}
	old, err := ebpf.NewProgramFromID(ebpf.ProgramID(id))
	if errors.Is(err, syscall.EPERM) {
		f.undo.push(func() error {
			return fmt.Errorf("slot %d of %s held program %d, which takes CAP_SYS_ADMIN to put back: %w",
				slot, m.def.Name, id, err)
		})
		return nil
	}
	if err != nil {
		return fmt.Errorf("hold its program %d: %w", id, err)
	}
	f.undo.finally(func() { old.Close() })
	f.undo.push(func() error { return array.Put(slot, uint32(old.FD())) })
	return nil
}

// programIn returns the id of the program in a slot. The load's descriptor of an array that user
// space may only write to shows nothing, so the array is opened again by its pin.
func programIn(m *mapLoad, slot uint32) (id uint32, err error) {
	err = m.kernel.Lookup(slot, &id)
	if !errors.Is(err, syscall.EPERM) || m.pinPath == "" {
		return id, err
	}
	fd, openErr := sys.OpenPin(m.pinPath, 0)
	if openErr != nil {
		return 0, errors.Join(err, fmt.Errorf("open pin %s: %w", m.pinPath, openErr))
	}
	array, err := ebpf.NewMapFromFD(fd)
	if err != nil {
		return 0, fmt.Errorf("inspect pinned map: %w", err)
	}
	defer array.Close()
	err = array.Lookup(slot, &id)
	return id, err
}
