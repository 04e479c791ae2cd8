// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/mapdef"
)

// A Definition holds what an object says of one map, whichever way it was defined.
//
// A definition says what the programmer wrote. Where a kernel needs something else (a number of
// CPUs, sizes in whole pages), creating the map puts it right, as it depends on the machine.
type Definition struct {
	Name    string // as programs and callers name it: the variable, or the section of global data
	Section string
	Offset  uint64 // in its section, bytes
	// Source says how the map was defined: "btf" (a variable in section .maps), "legacy" (a struct
	// bpf_map_def in section maps), "iproute2" (a struct bpf_elf_map there), "samples" (a struct
	// bpf_load_map_def there), "data" (a section of global data), "kconfig" (values of the kernel's
	// configuration), or "handler" (a [MapHandler] read it).
	Source string

	Attributes

	// PinByName asks for the map to be pinned in the folder [Options.PinRoot], under its name
	// (libbpf's LIBBPF_PIN_BY_NAME).
	PinByName bool
	// PinPath says where the map will be pinned, or reused from if it is pinned there already. It
	// is empty for a map that is not pinned.
	PinPath string

	// Key and Value name their types, by id in [Object.Types]; 0 where the definition gives sizes
	// only. The Value of global data is its section's list of variables.
	Key, Value btf.TypeID

	// BTFType names the struct that defines the map, by id in [Object.Types], for a caller who
	// reads in it what this package does not. It is 0 where there is no such struct.
	BTFType btf.TypeID
	// Unknown lists the fields that were ignored because Options.IgnoreUnknownFields asked for it.
	Unknown []Field
	// Raw are the bytes of the definition in its section; shared with the object, not to be
	// changed.
	Raw []byte

	// Pointers say where global data holds pointers, which are left out, because the kernel gives
	// no addresses to fill in: offsets in bytes, ascending. No program refers to them, or else the
	// object is refused.
	Pointers []uint64

	// Iproute2 holds what only iproute2's definitions say. Nil for others.
	Iproute2 *Iproute2Map

	// Inner says what the maps in a map of maps look like. Nil for other maps. Where the definition
	// names a map of the object for that, it is that map's own, and changes with it.
	Inner *Definition
	// Slots list what a map of maps or a PROG_ARRAY holds from the start.
	Slots []Slot
}

// A Field holds a part of a map definition that this package does not know.
type Field struct {
	Name   string     // of the field; "bytes 20-35" for the tail of a legacy definition
	Type   btf.TypeID // by id in [Object.Types]; 0 for a legacy definition
	Offset uint32     // in the definition, bytes
	Raw    []byte     // in the section; empty for a field that says everything in its type
}

// A Slot puts a map or program into an element of another map from the start.
type Slot struct {
	Index uint32 // key, in host byte order
	Name  string // of the map or program
}

// Attributes hold what a map is created with, as far as a definition says it.
type Attributes struct {
	Type       ebpf.MapType
	KeySize    uint32 // bytes
	ValueSize  uint32 // bytes
	MaxEntries uint32
	Flags      uint32 // BPF_F_...
	MapExtra   uint64
	NumaNode   uint32 // counts with BPF_F_NUMA_NODE in Flags; SetNumaNode sets both
}

// SetNumaNode asks for a NUMA node, counted from 0, and sets BPF_F_NUMA_NODE with it. The kernel's
// NUMA_NO_NODE (-1) asks for none.
func (a *Attributes) SetNumaNode(node uint32) { (*mapdef.Attributes)(a).SetNumaNode(node) }

// Iproute2Map holds what a struct bpf_elf_map says that other definitions do not.
type Iproute2Map struct {
	// ID is the number by which other maps and sections of tail calls refer to the map. Several
	// maps may share one: that is how a map of maps gets more than one element.
	ID uint32
	// Pinning says where to pin the map: 0 nowhere, 1 in a folder for this object, 2 in the folder
	// globals, and above that in a folder of [Iproute2Options.PinIDs] (include/bpf_elf.h, PIN_...).
	Pinning    uint32
	InnerID    uint32 // map of maps: the ID of its elements; 0 for other maps
	InnerIndex uint32 // the element of maps of maps with this map's ID that it becomes; -1 for none
}

// fromInternal copies what the layer below found for a caller. Slices are shared.
func fromInternal(d *mapdef.Definition) Definition {
	out := Definition{
		Name: d.Name, Section: d.Section, Offset: d.Offset, Source: string(d.Source),
		Attributes: Attributes(d.Attributes), PinByName: d.PinByName, PinPath: d.PinPath,
		Key: d.Key, Value: d.Value, BTFType: d.BTFType, Raw: d.Raw,
		Pointers: d.Pointers,
	}
	for _, f := range d.Unknown {
		out.Unknown = append(out.Unknown, Field(f))
	}
	for _, s := range d.Slots {
		out.Slots = append(out.Slots, Slot(s))
	}
	if d.Iproute2 != nil {
		out.Iproute2 = &Iproute2Map{
			ID: d.Iproute2.ID, Pinning: uint32(d.Iproute2.Pinning),
			InnerID: d.Iproute2.InnerID, InnerIndex: d.Iproute2.InnerIndex,
		}
	}
	if d.Inner != nil {
		inner := fromInternal(d.Inner)
		out.Inner = &inner
	}
	return out
}

// toInternal copies what a caller filled in for the layer below.
func toInternal(d *Definition) *mapdef.Definition {
	out := &mapdef.Definition{
		Name: d.Name, Section: d.Section, Offset: d.Offset, Source: mapdef.Source(d.Source),
		Attributes: mapdef.Attributes(d.Attributes), PinByName: d.PinByName, PinPath: d.PinPath,
		Key: d.Key, Value: d.Value, BTFType: d.BTFType, Raw: d.Raw,
		Pointers: d.Pointers,
	}
	for _, f := range d.Unknown {
		out.Unknown = append(out.Unknown, mapdef.Field(f))
	}
	for _, s := range d.Slots {
		out.Slots = append(out.Slots, mapdef.Slot(s))
	}
	if d.Iproute2 != nil {
		out.Iproute2 = &mapdef.Iproute2Map{
			ID: d.Iproute2.ID, Pinning: mapdef.Iproute2Pinning(d.Iproute2.Pinning),
			InnerID: d.Iproute2.InnerID, InnerIndex: d.Iproute2.InnerIndex,
		}
	}
	if d.Inner != nil {
		out.Inner = toInternal(d.Inner)
	}
	return out
}
