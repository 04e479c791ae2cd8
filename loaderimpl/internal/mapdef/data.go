// SPDX-License-Identifier: Apache-2.0

package mapdef

import (
	"debug/elf"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/cilium/ebpf"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/objfile"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/typeinfo"
)

// dataParser makes a map of every section of global data: .data, .rodata, .bss and .percpu, and
// those named after them (.rodata.str1.1, .data.mine). Each is an array of one element, the
// section. Read-only data is read-only for programs, and frozen for user space before a program is
// loaded. Of .percpu each CPU has its own, which all begin alike.
type dataParser struct{}

func (dataParser) reads(s *objfile.Section) bool { return isAllocated(s) && isData(s.Name) }

// metadataSection was proposed for metadata before libbpf bound all read-only data. It is read
// where the caller asks for it ([Input.Metadata]).
const metadataSection = ".metadata"

// isAllocated reports whether a section has bytes that a program could refer to, and no code.
func isAllocated(s *objfile.Section) bool {
	return s.Flags&elf.SHF_ALLOC != 0 && s.Flags&elf.SHF_EXECINSTR == 0 && s.Size > 0 &&
		(s.Type == elf.SHT_PROGBITS || s.Type == elf.SHT_NOBITS)
}

func isData(name string) bool {
	for _, base := range []string{".data", ".rodata", ".bss", percpuSection} {
		if name == base || strings.HasPrefix(name, base+".") {
			return true
		}
	}
	return false
}

// percpuSection holds variables of which each CPU has its own.
const percpuSection = ".percpu"

func (dataParser) define(in *Input, s *objfile.Section,
	handled handledList) ([]*Definition, error) {
	if s.Size > math.MaxInt32 { // the kernel's limit of an array's value (array_map_alloc_check)
		return nil, fmt.Errorf("%d bytes of data: %w", s.Size, refuse.ErrDefinition)
	}
	d := &Definition{
		Name: s.Name, Section: s.Name, Source: SourceData, Raw: s.Data,
		Attributes: Attributes{Type: ebpf.Array, KeySize: 4, ValueSize: uint32(s.Size),
			MaxEntries: 1},
	}
	if strings.HasPrefix(s.Name, percpuSection) {
		d.Type = ebpf.PerCPUArray
	}
	if strings.HasPrefix(s.Name, ".rodata") || s.Name == metadataSection {
		d.Flags |= FlagReadOnly
	}
	var err error
	if d.Pointers, err = pointersIn(in.File, s); err != nil {
		return nil, err
	}
	list, vars, err := in.Types.Variables(s, handled.has)
	if err != nil {
		return nil, err
	}
	if len(vars) > 0 {
		d.Value, d.BTFType = list, list
	}
	// Data that only this object can name is not for user space to map (libbpf, map_is_mmapable).
	// Hidden data is such data (libbpf, btf_fixup_datasec): programs keep locks there, which user
	// space could break.
	// Nor is what each CPU has its own of: the kernel maps none (array_map_ops).
	mapped := func(v typeinfo.Variable) bool { return !v.Static && !v.Hidden }
	if d.Type == ebpf.Array && slices.ContainsFunc(vars, mapped) {
		d.Flags |= FlagMmapable
	}
	return []*Definition{d}, nil
}

// pointersIn returns where data holds pointers, in bytes of the section, ascending. They would have
// to be filled in with addresses that the kernel does not give, and so they are left out, as by
// libbpf, which says so (bpf_object__elf_collect, "skipping relo section"). A program that reads
// one is refused: it would find a number of the compiler's, mostly 0.
func pointersIn(f *objfile.File, s *objfile.Section) ([]uint64, error) {
	relocs, err := f.Relocations(s)
	if err != nil {
		return nil, err
	}
	var found []uint64
	for _, r := range relocs {
		if r.Type != objfile.RelocNone {
			found = append(found, r.Offset)
		}
	}
	slices.Sort(found)
	return found, nil
}

// Frozen reports whether the map is to be read-only for user space as well once its contents are in
// place.
func (d *Definition) Frozen() bool { return d.IsData() && d.Flags&FlagReadOnly != 0 }

// Bound reports whether every program of the object is to hold the map: it is read-only data. That
// of options is not, as in libbpf.
func (d *Definition) Bound() bool { return d.Source == SourceData && d.Flags&FlagReadOnly != 0 }

// DataName returns the kernel's name for a map of global data, made as libbpf makes it
// (internal_map_name): as much of the object's name as there is room for, and the section's. A
// section with a second dot keeps its own name only. bpftool and other tools find data by these
// names.
func DataName(object, section string) string {
	const longest, least = 15, 7
	if strings.Contains(strings.TrimPrefix(section, "."), ".") {
		return section
	}
	room := longest - max(least, len(section))
	return object[:max(0, min(len(object), room))] + section
}
