// SPDX-License-Identifier: Apache-2.0

package mapdef

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/cilium/ebpf"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
)

// iproute2Size counts the bytes of struct bpf_elf_map { __u32 type, size_key, size_value, max_elem,
// flags, id, pinning, inner_id, inner_idx; } (iproute2, include/bpf_elf.h).
const iproute2Size = 36

// iproute2MaxMaps limits how many maps an object may define (iproute2, ELF_MAX_MAPS). It also
// bounds how many elements maps of maps can have.
const iproute2MaxMaps = 64

// Iproute2Map holds what a struct bpf_elf_map says that other definitions do not.
type Iproute2Map struct {
	// ID is the number by which other maps and sections of tail calls refer to the map. Several
	// maps may share one: that is how a map of maps gets more than one element.
	ID         uint32
	Pinning    Iproute2Pinning
	InnerID    uint32 // map of maps: the ID of its elements; 0 for other maps
	InnerIndex uint32 // the element of maps of maps with this map's ID that it becomes
}

// Iproute2Pinning says where iproute2 pins a map: one of the constants, or an id of a table.
type Iproute2Pinning uint32

// The kinds of pinning that iproute2 knows by itself (include/bpf_elf.h).
const (
	Iproute2PinNone   Iproute2Pinning = 0 // PIN_NONE: nowhere
	Iproute2PinObject Iproute2Pinning = 1 // PIN_OBJECT_NS: in a folder named by the object's SHA-1
	Iproute2PinGlobal Iproute2Pinning = 2 // PIN_GLOBAL_NS: in the folder globals
)

// NotInserted leaves a map out of the maps of maps whose elements look like it (an InnerIndex of
// -1).
const NotInserted = ^uint32(0)

// iproute2Layout reads struct bpf_elf_map. As in iproute2 all definitions of a section have one
// size, a shorter one lacks fields, which are then 0, and a longer one is of a future version,
// whatever its tail (bpf_fetch_maps_end).
type iproute2Layout struct{}

func (iproute2Layout) size() int        { return iproute2Size }
func (iproute2Layout) takesZeros() bool { return false }

func (iproute2Layout) read(d *Definition, n numbers) error {
	d.Source = SourceIproute2
	d.Iproute2 = &Iproute2Map{ID: n[5], Pinning: Iproute2Pinning(n[6]), InnerID: n[7],
		InnerIndex: n[8]}
	switch {
	case !HoldsMaps(d.Type) && d.Iproute2.InnerID != 0:
		return fmt.Errorf("a map of type %v has inner_id %d and holds no maps: %w", d.Type,
			d.Iproute2.InnerID, refuse.ErrInner)
	case HoldsMaps(d.Type) && d.Iproute2.InnerID == 0 && d.Iproute2.Pinning == Iproute2PinNone:
		return fmt.Errorf("a map of type %v needs to know its inner maps: set inner_id: %w", d.Type,
			refuse.ErrInner)
	case HoldsMaps(d.Type):
		d.ValueSize = 4 // whatever size_value says (bpf_map_create)
	}
	return nil
}

// connect finds the inner maps of each map of maps by its inner_id. The first map of that id shows
// what the elements look like. It and all others of that id become elements, each at its own
// inner_idx (bpf_maps_attach_all). There may be none if the outer map is pinned: one object makes
// it, and others use it without having maps for it. An object that has to make it without them is
// refused at its creation.
func (iproute2Layout) connect(defs []*Definition) error {
	if len(defs) > iproute2MaxMaps {
		return fmt.Errorf("%d maps, at most %d: %w", len(defs), iproute2MaxMaps, refuse.ErrTooMany)
	}
	for _, d := range defs {
		if len(d.Raw) != len(defs[0].Raw) {
			return refuse.At(refuse.StageDefine, d.Section, d.Name,
				fmt.Errorf("%d bytes, and %s has %d: %w", len(d.Raw), defs[0].Name,
					len(defs[0].Raw),
					refuse.ErrDefinition))
		}
	}
	for _, d := range defs {
		if !HoldsMaps(d.Type) || d.Iproute2.InnerID == 0 {
			continue
		}
		if err := d.holdInner(defs); err != nil {
			return refuse.At(refuse.StageDefine, d.Section, d.Name,
				fmt.Errorf("inner_id %d: %w", d.Iproute2.InnerID, err))
		}
	}
	return nil
}

// holdInner gives a map of maps what it holds.
func (d *Definition) holdInner(defs []*Definition) error {
	for _, inner := range defs {
		if inner.Iproute2.ID != d.Iproute2.InnerID {
			continue
		}
		if HoldsMaps(inner.Type) {
			return fmt.Errorf("%s holds maps itself: %w", inner.Name, refuse.ErrInner)
		}
		if d.Inner == nil {
			d.Inner = inner
		}
		if index := inner.Iproute2.InnerIndex; index != NotInserted {
			if err := d.AddSlot(index, inner.Name); err != nil {
				return err
			}
		}
	}
	if d.Inner == nil && d.Iproute2.Pinning == Iproute2PinNone {
		return refuse.ErrMapID
	}
	d.SortSlots()
	return nil
}

// AddSlot puts a map or program in an element of a map from the start. Whether the map has such an
// element, and only one value for it, is checked when all is resolved.
func (d *Definition) AddSlot(index uint32, name string) error {
	if d.Type == ebpf.HashOfMaps && d.KeySize != 4 {
		return fmt.Errorf("keys of %d bytes, and slots are numbered with 4: %w", d.KeySize,
			refuse.ErrDefinition)
	}
	d.Slots = append(d.Slots, Slot{Index: index, Name: name})
	return nil
}

func (d *Definition) SortSlots() {
	slices.SortFunc(d.Slots, func(a, b Slot) int {
		return cmp.Or(cmp.Compare(a.Index, b.Index), cmp.Compare(a.Name, b.Name))
	})
}

// ScanNumber reads a number as scanf's %i does, but for signs and spaces.
func ScanNumber(s string) (uint32, bool) {
	if strings.Trim(s, "0123456789abcdefABCDEFxX") != "" || strings.HasPrefix(s, "0b") ||
		strings.HasPrefix(s, "0B") {
		return 0, false // what else Go reads as numbers: underscores, 0b, 0o
	}
	n, err := strconv.ParseUint(s, 0, 32)
	return uint32(n), err == nil
}
