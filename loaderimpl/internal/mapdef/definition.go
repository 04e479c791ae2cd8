// SPDX-License-Identifier: Apache-2.0

package mapdef

import (
	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"
)

// A Source names the way in which a map was defined.
type Source string

// The ways to define a map.
const (
	SourceBTF      Source = "btf"      // a variable in section .maps whose type says it all
	SourceLegacy   Source = "legacy"   // a struct bpf_map_def in section maps
	SourceIproute2 Source = "iproute2" // a struct bpf_elf_map in section maps
	SourceSamples  Source = "samples"  // a struct bpf_load_map_def in section maps
	SourceData     Source = "data"     // a section of global data
	SourceHandler  Source = "handler"  // a handler of the caller's read it

	SourceStructOps Source = "struct_ops" // a structure that the kernel calls
	SourceKconfig   Source = "kconfig"    // values of the kernel's configuration
)

// A Definition holds what an object says of one map. All parsers end in it, and nothing after them
// asks which one it was.
//
// A definition says what the programmer wrote. Where a kernel needs something else (a number of
// CPUs, sizes in whole pages), creating the map puts it right, as it depends on the machine.
type Definition struct {
	Name    string // as programs and callers name it: the variable, or the section of global data
	Section string
	Offset  uint64 // in its section, bytes
	Source  Source

	Attributes
	PinByName bool // in the caller's folder, under the map's name (LIBBPF_PIN_BY_NAME)

	// Key and Value name their types, by id in the object's types; 0 where the definition gives
	// sizes only. The Value of global data is its section's list of variables.
	Key, Value btf.TypeID

	// BTFType names the struct that defines the map, by id in the object's types, for a caller who
	// reads in it what this package does not. It is 0 where there is no such struct.
	BTFType btf.TypeID
	// Unknown are the fields that were ignored because Options.IgnoreUnknownFields asked for it.
	Unknown []Field
	// Raw are the bytes of the definition in its section; shared with the object, not to be
	// changed.
	Raw []byte

	// Pointers say where global data holds pointers, which are left out: offsets in bytes,
	// ascending.
	Pointers []uint64

	// Arena holds the variables of an arena. Nil for other maps, and for an arena without any.
	Arena *ArenaData

	// Iproute2 holds what only iproute2's definitions say. Nil for others.
	Iproute2 *Iproute2Map

	// StructOps says what the structure holds that the kernel calls. Nil for other maps.
	StructOps *StructOps

	// Inner says what the maps in a map of maps look like. Nil for other maps. Where the definition
	// names a map of the object for that, it is that map's own, and changes with it.
	Inner *Definition
	// Slots list what a map of maps or a PROG_ARRAY holds from the start.
	Slots []Slot

	// PinPath says where a handler wants the map pinned. It is empty for nowhere.
	PinPath string
	// Supply returns the map itself where a handler supplies it. Nil for none.
	Supply func() (*ebpf.Map, error)

	innerIndex uint32 // bpf_load_map_def: inner_map_idx
}

// A Field holds a part of a map definition that this package does not know.
type Field struct {
	Name   string     // of the field; "bytes 20-35" for the tail of a legacy definition
	Type   btf.TypeID // by id in the object's types; 0 for a legacy definition
	Offset uint32     // in the definition, bytes
	Raw    []byte     // in the section; empty for a field that says everything in its type
}

// A Slot puts a map or program into an element of another map from the start.
type Slot struct {
	Index uint32 // key, in host byte order
	Name  string // of the map or program
}

// Flags of maps (include/uapi/linux/bpf.h).
const (
	FlagNoPrealloc = 1 << 0
	FlagNumaNode   = 1 << 2
	FlagReadOnly   = 1 << 7  // BPF_F_RDONLY_PROG
	FlagMmapable   = 1 << 10 // BPF_F_MMAPABLE

	FlagNoCommonLRU = 1 << 1  // BPF_F_NO_COMMON_LRU
	FlagInnerMap    = 1 << 12 // BPF_F_INNER_MAP
)

// NoNode asks for any node (the kernel's NUMA_NO_NODE, -1).
const NoNode = ^uint32(0)

// Attributes hold what a map is created with, as far as a definition says it.
type Attributes struct {
	Type       ebpf.MapType
	KeySize    uint32 // bytes
	ValueSize  uint32 // bytes
	MaxEntries uint32
	Flags      uint32 // BPF_F_...
	MapExtra   uint64
	NumaNode   uint32 // counts if Flags has BPF_F_NUMA_NODE, which a node sets
}

// SetNumaNode gives the map to a NUMA node. [NoNode] gives it to none.
func (a *Attributes) SetNumaNode(node uint32) {
	a.Flags &^= FlagNumaNode
	a.nameNode(node)
}

// nameNode reads a node that a definition names. The kernel looks at numa_node only together with
// BPF_F_NUMA_NODE (bpf_map_attr_numa_node), and libbpf passes a definition's node on as it stands:
// without the flag, it is ignored in silence. A programmer who names a node wants the map there, so
// here a node sets its flag; the kernel then refuses what it cannot do.
func (a *Attributes) nameNode(node uint32) {
	a.NumaNode = node
	if node != NoNode {
		a.Flags |= FlagNumaNode
	}
}
