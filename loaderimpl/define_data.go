// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"debug/elf"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/cilium/ebpf"
)

// dataParser makes a map of every section of global data: .data, .rodata and .bss, and what is named after them (.rodata.str1.1, .data.mine).
// Each is an array of one element, the section. Read-only data is read-only for programs, and frozen for everyone before a program is loaded.
type dataParser struct{}

func (dataParser) reads(s *section) bool {
	return s.flags&elf.SHF_ALLOC != 0 && s.flags&elf.SHF_EXECINSTR == 0 && s.size > 0 &&
		(s.typ == elf.SHT_PROGBITS || s.typ == elf.SHT_NOBITS) && isData(s.name)
}

func isData(name string) bool {
	for _, base := range []string{".data", ".rodata", ".bss"} {
		if name == base || strings.HasPrefix(name, base+".") {
			return true
		}
	}
	return false
}

func (dataParser) define(in *input, s *section) ([]*Definition, error) {
	switch {
	case s.size > math.MaxInt32: // the kernel's limit for the value of an array (array_map_alloc_check)
		return nil, fmt.Errorf("%d bytes of data: %w", s.size, ErrDefinition)
	case s.relocs != nil && s.relocs.size > 0:
		// A pointer in global data would have to be filled in with an address that the kernel does not give. Loaders that skip such
		// relocations leave null pointers behind.
		return nil, fmt.Errorf("data holds pointers, which cannot be filled in: %w", ErrRelocation)
	}
	d := &Definition{
		Name: s.name, Section: s.name, Source: SourceData, Raw: s.data,
		Type: ebpf.Array, KeySize: 4, ValueSize: uint32(s.size), MaxEntries: 1,
	}
	if strings.HasPrefix(s.name, ".rodata") {
		d.Flags |= flagReadOnly
	}
	list, vars, err := in.types.variables(s)
	if err != nil {
		return nil, err
	}
	if len(vars) > 0 {
		d.Value, d.BTFType = list, list
	}
	// Data that only this object can name is not for user space to map (libbpf, map_is_mmapable). Hidden data is such (libbpf, btf_fixup_datasec):
	// programs keep locks there, which user space could break.
	if slices.ContainsFunc(vars, func(v variable) bool { return !v.static && !v.hidden }) {
		d.Flags |= flagMmapable
	}
	return []*Definition{d}, nil
}

// frozen reports whether the map is to be read-only for user space as well once its contents are in place.
func (d *Definition) frozen() bool { return d.Source == SourceData && d.Flags&flagReadOnly != 0 }
