// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/mapdef"
)

// A Source is the way in which a map was defined.
type Source string

// The ways to define a map.
const (
	SourceBTF      Source = "btf"      // a variable in section .maps whose type says it all
	SourceLegacy   Source = "legacy"   // a struct bpf_map_def in section maps
	SourceIproute2 Source = "iproute2" // a struct bpf_elf_map in section maps
	SourceSamples  Source = "samples"  // a struct bpf_load_map_def in section maps
	SourceData     Source = "data"     // a section of global data
	SourceHandler  Source = "handler"  // whatever a handler of the caller's made of it
)

// A Definition is what an object says of one map. All parsers end in it, and nothing after them asks which one it was.
//
// A definition says what the programmer wrote. What a kernel wants otherwise (a number of CPUs, sizes in whole pages) is put right when the
// map is created, as it depends on the machine.
type Definition struct {
	Name    string // as programs and callers name it: the variable, or the section of global data
	Section string
	Offset  uint64 // in its section, bytes
	Source  Source

	Type       ebpf.MapType
	KeySize    uint32 // bytes
	ValueSize  uint32 // bytes
	MaxEntries uint32
	Flags      uint32 // BPF_F_...
	MapExtra   uint64
	NumaNode   uint32  // counts if Flags has BPF_F_NUMA_NODE, which every parser sets where a node is named
	Pinning    Pinning // PinNone for iproute2's definitions, which have ways of their own

	// Key and Value are their types, by id in [Object.Types]; 0 where the definition gives sizes only. The Value of global data is its
	// section's list of variables.
	Key, Value btf.TypeID

	// BTFType is the struct that defines the map, by id in [Object.Types]: for a caller who reads in it what this package does not. It is 0
	// where there is no such struct.
	BTFType btf.TypeID
	// Unknown are the fields that were ignored because Options.IgnoreUnknownFields asked for it.
	Unknown []Field
	// Raw are the bytes of the definition in its section; shared with the object, not to be changed.
	Raw []byte

	// Iproute2 is what only iproute2's definitions say. Nil for others.
	Iproute2 *Iproute2Map

	// Inner is what the maps in a map of maps look like. Nil for other maps. Where the definition names a map of the object for that, it is
	// that map's own, and changes with it.
	Inner *Definition
	// Slots are what a map of maps or a PROG_ARRAY holds from the start.
	Slots []Slot
}

// A Field is a part of a map definition that this package knows no meaning for.
type Field struct {
	Name   string     // of the field; "bytes 20-35" for the tail of a legacy definition
	Type   btf.TypeID // by id in [Object.Types]; 0 for a legacy definition
	Offset uint32     // in the definition, bytes
	Raw    []byte     // the field's bytes in the section; empty for a field that says everything in its type
}

// A Slot is a map or program that an element of another map refers to from the start.
type Slot struct {
	Index uint32 // key, in host byte order
	Name  string // of the map or program
}

// Pinning is whether a map is pinned to bpffs. The numbers are those of libbpf's enum libbpf_pin_type.
type Pinning uint32

// The kinds of pinning.
const (
	PinNone   Pinning = 0
	PinByName Pinning = 1 // in the folder Options.PinRoot, under the map's name
)

// Iproute2Map is what a struct bpf_elf_map says that other definitions do not.
type Iproute2Map struct {
	// ID is what other maps and sections of tail calls call the map by. Several maps may have one: that is how a map of maps gets more than
	// one element.
	ID         uint32
	Pinning    Iproute2Pinning
	InnerID    uint32 // map of maps: the ID of its elements; 0 for other maps
	InnerIndex uint32 // which element of the maps of maps with this map's ID it becomes; [NotInserted] for none
}

// Iproute2Pinning says where iproute2 pins a map: one of the constants, or an id of a table.
type Iproute2Pinning uint32

// The kinds of pinning that iproute2 knows by itself (include/bpf_elf.h).
const (
	Iproute2PinNone   Iproute2Pinning = 0 // PIN_NONE: nowhere
	Iproute2PinObject Iproute2Pinning = 1 // PIN_OBJECT_NS: in a folder named by the SHA-1 of the object's bytes
	Iproute2PinGlobal Iproute2Pinning = 2 // PIN_GLOBAL_NS: in the folder globals
)

// NotInserted is an InnerIndex (-1) that leaves a map out of the maps of maps that it shows the elements of.
const NotInserted = ^uint32(0)

// A MapLayout is the struct that the maps of section maps are defined by. The section itself does not say which: the structs have their first
// five fields in common, and what comes after them means something else in each. All maps of an object's section have one layout, else they are
// refused. It is
//
//   - what [Options.MapLayout] says; else
//   - what BTF says of the struct, where it lists the section's variables: its name, if that is one of the three, or bpf_map_def_legacy, which is
//     what programs call bpf_load_map_def; else bpf_elf_map if it has the members that only iproute2 calls so (size_key, size_value, max_elem), as
//     programs have that declare the struct where they use it; else bpf_map_def, whose tail has to be zero; else
//   - bpf_elf_map if each definition has exactly its 36 bytes, which is how iproute2's objects were compiled before compilers wrote BTF; else
//   - bpf_map_def.
//
// So the structs of the samples are read in objects with BTF only, unless it is asked for: without their names they look like a bpf_map_def with a tail.
// Where the rule is wrong, the tail is not zero in nearly all cases, and the object is refused.
type MapLayout string

// The layouts.
const (
	LayoutByRule   MapLayout = ""                 // found out by the rule above
	LayoutLegacy   MapLayout = "bpf_map_def"      // type, key_size, value_size, max_entries, map_flags: libbpf 0.x
	LayoutIproute2 MapLayout = "bpf_elf_map"      // the same five, id, pinning, inner_id, inner_idx: iproute2
	LayoutSamples  MapLayout = "bpf_load_map_def" // the same five, inner_map_idx, numa_node: the kernel's samples up to Linux 5.10
)

// fromInternal copies what the layer below found for a caller. Slices are shared.
func fromInternal(d *mapdef.Definition) Definition {
	out := Definition{
		Name: d.Name, Section: d.Section, Offset: d.Offset, Source: Source(d.Source),
		Type: d.Type, KeySize: d.KeySize, ValueSize: d.ValueSize, MaxEntries: d.MaxEntries,
		Flags: d.Flags, MapExtra: d.MapExtra, NumaNode: d.NumaNode, Pinning: Pinning(d.Pinning),
		Key: d.Key, Value: d.Value, BTFType: d.BTFType, Raw: d.Raw,
	}
	for _, f := range d.Unknown {
		out.Unknown = append(out.Unknown, Field(f))
	}
	for _, s := range d.Slots {
		out.Slots = append(out.Slots, Slot(s))
	}
	if d.Iproute2 != nil {
		out.Iproute2 = &Iproute2Map{
			ID: d.Iproute2.ID, Pinning: Iproute2Pinning(d.Iproute2.Pinning),
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
		Type: d.Type, KeySize: d.KeySize, ValueSize: d.ValueSize, MaxEntries: d.MaxEntries,
		Flags: d.Flags, MapExtra: d.MapExtra, NumaNode: d.NumaNode, Pinning: mapdef.Pinning(d.Pinning),
		Key: d.Key, Value: d.Value, BTFType: d.BTFType, Raw: d.Raw,
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
