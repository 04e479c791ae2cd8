// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"
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

	innerIndex uint32                    // bpf_load_map_def: inner_map_idx
	pinPath    string                    // where a handler wants it pinned; empty for nowhere
	supply     func() (*ebpf.Map, error) // a handler's, for the map itself; nil for none
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

// Flags of maps (include/uapi/linux/bpf.h).
const (
	flagNoPrealloc = 1 << 0
	flagNumaNode   = 1 << 2
	flagReadOnly   = 1 << 7  // BPF_F_RDONLY_PROG
	flagMmapable   = 1 << 10 // BPF_F_MMAPABLE

	flagNoCommonLRU = 1 << 1  // BPF_F_NO_COMMON_LRU
	flagInnerMap    = 1 << 12 // BPF_F_INNER_MAP
)

// numaNoNode is the kernel's word for "any node" (NUMA_NO_NODE, -1).
const numaNoNode = ^uint32(0)

// onNode gives the map to a NUMA node. The kernel looks at numa_node only together with BPF_F_NUMA_NODE (bpf_map_attr_numa_node), and libbpf
// passes a definition's node on as it stands: without the flag, it is ignored in silence. Who names a node wants the map there, so here a
// node brings its flag along; the kernel then refuses what it cannot do.
func (d *Definition) onNode(node uint32) {
	d.NumaNode = node
	if node != numaNoNode {
		d.Flags |= flagNumaNode
	}
}

// parser reads one way of defining maps.
type parser interface {
	// reads reports whether the parser is the one for a section.
	reads(s *section) bool
	// define reads all definitions of a section, in the order of their offsets.
	define(in *input, s *section) ([]*Definition, error)
}

// input is what parsers see of an object.
type input struct {
	file     *file
	types    *types    // nil where there is no BTF
	relax    bool      // ignore and report what is unknown
	layout   MapLayout // of section maps, where the caller knows it
	handlers []MapHandler
	referred map[int]bool // sections that a handler is asked about because programs refer to them, by index; nil without such a handler
}

// parsers are tried in this order.
var parsers = []parser{btfParser{}, legacyParser{}, dataParser{}}

// define finds the map definitions of an object, in the order of sections and offsets.
func define(in *input) ([]*Definition, error) {
	if in.mapHandler("") != nil {
		var err error
		if in.referred, err = referredTo(in.file); err != nil {
			return nil, err
		}
	}
	if err := in.checkTwins(); err != nil {
		return nil, err
	}
	var defs []*Definition
	for i := range in.file.sections {
		s := &in.file.sections[i]
		p := in.parserOf(s)
		if p == nil {
			continue
		}
		found, err := p.define(in, s)
		if err != nil {
			return nil, at(StageDefine, s.name, "", err)
		}
		defs = append(defs, found...)
	}
	return defs, checkNames(defs)
}

// checkNames refuses two maps of one name.
func checkNames(defs []*Definition) error {
	sorted := slices.Clone(defs)
	slices.SortStableFunc(sorted, func(a, b *Definition) int { return cmp.Compare(a.Name, b.Name) })
	for i := 1; i < len(sorted); i++ {
		if d := sorted[i]; d.Name == sorted[i-1].Name {
			return at(StageDefine, d.Section, d.Name, ErrDuplicate)
		}
	}
	return nil
}

// checkTwins refuses sections of maps that share a name, as BTF tells sections apart by their names.
func (in *input) checkTwins() error {
	names := make(map[string]bool)
	for i := range in.file.sections {
		s := &in.file.sections[i]
		if in.parserOf(s) == nil {
			continue
		}
		if names[s.name] {
			return at(StageDefine, s.name, "", fmt.Errorf("two sections of that name: %w", ErrELF))
		}
		names[s.name] = true
	}
	return nil
}

// parserOf is who reads the definitions in a section: a handler of the caller's, or a parser of this package's, or nobody.
func (in *input) parserOf(s *section) parser {
	if !holdsDefinitions(s) {
		return ownParser(s)
	}
	if h := in.mapHandler(s.name); h != nil && s.name != "" {
		return sectionHandler{h}
	}
	if own := ownParser(s); own != nil || !in.referred[s.index] {
		return own
	}
	return sectionHandler{in.mapHandler("")}
}

func ownParser(s *section) parser {
	for _, p := range parsers {
		if p.reads(s) {
			return p
		}
	}
	return nil
}
