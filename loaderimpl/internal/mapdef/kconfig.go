// SPDX-License-Identifier: Apache-2.0

package mapdef

import (
	"cmp"
	"slices"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"
)

// kconfigSection names the map of options, which no section of an object defines.
const kconfigSection = ".kconfig"

// AddKconfig adds the map that holds the values of the kernel's configuration which programs read:
// size bytes, described by BTF's list of externs. It is made as libbpf makes it
// (bpf_object__init_kconfig_map): as if it were a section of read-only data, after global data.
func AddKconfig(defs []*Definition, size uint32, list btf.TypeID) []*Definition {
	defs = append(defs, &Definition{
		Name: kconfigSection, Section: kconfigSection, Source: SourceKconfig,
		Attributes: Attributes{Type: ebpf.Array, KeySize: 4, ValueSize: size, MaxEntries: 1,
			Flags: FlagReadOnly | FlagMmapable},
		Value: list, BTFType: list,
	})
	slices.SortStableFunc(defs, func(a, b *Definition) int {
		return cmp.Compare(a.rank(), b.rank())
	})
	return defs
}

// IsData reports whether the map is a section of data: it has one element, and the name and size of
// the section.
func (d *Definition) IsData() bool { return d.Source == SourceData || d.Source == SourceKconfig }
