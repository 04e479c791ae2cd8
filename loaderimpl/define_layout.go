// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/cilium/ebpf/btf"
)

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

// layouts are how each is read.
var layouts = map[MapLayout]layout{LayoutLegacy: legacyLayout{}, LayoutIproute2: iproute2Layout{}, LayoutSamples: samplesLayout{}}

// layoutNames are the layouts by what the structs are called in programs.
var layoutNames = map[string]MapLayout{
	"bpf_map_def":        LayoutLegacy,
	"bpf_elf_map":        LayoutIproute2,
	"bpf_load_map_def":   LayoutSamples, // samples/bpf/bpf_load.h
	"bpf_map_def_legacy": LayoutSamples, // tools/testing/selftests/bpf/bpf_legacy.h, Linux 5.2 to 5.8
}

// check refuses a layout that is none, whether the object has such maps or not.
func (l MapLayout) check() error {
	if l != LayoutByRule && layouts[l] == nil {
		return fmt.Errorf("%q: %w", l, ErrLayout)
	}
	return nil
}

// layout reads structs of one kind.
type layout interface {
	// size is how many bytes of a definition are known.
	size() int
	// takesZeros is whether zeros may follow what is known.
	takesZeros() bool
	// read fills in what only this layout has.
	read(d *Definition, n numbers) error
	// connect fills in what definitions of one section say about each other.
	connect(defs []*Definition) error
}

// layoutOf finds the layout of the definitions at the symbols of a section.
func layoutOf(in *input, s *section, symbols []*symbol) (layout, error) {
	if in.layout != LayoutByRule {
		return layouts[in.layout], nil
	}
	found, err := layoutByType(in.types, s, symbols)
	if err != nil {
		return nil, err
	}
	if found == LayoutByRule {
		found = layoutBySize(s, symbols)
	}
	return layouts[found], nil
}

// layoutByType is the layout by the variables' types, or LayoutByRule if BTF does not list them.
func layoutByType(t *types, s *section, symbols []*symbol) (MapLayout, error) {
	layouts, err := t.layoutsIn(s.name)
	if layouts == nil || err != nil {
		return LayoutByRule, err
	}
	found := LayoutByRule
	for _, y := range symbols {
		l := cmp.Or(layouts[y.name], LayoutLegacy)
		if found != LayoutByRule && l != found {
			return LayoutByRule, at(StageDefine, s.name, y.name, fmt.Errorf("%s, and %s before it: %w", l, found, ErrLayout))
		}
		found = l
	}
	return found, nil
}

// layoutBySize is the layout by the sizes of the definitions.
func layoutBySize(s *section, symbols []*symbol) MapLayout {
	for i, y := range symbols {
		if y.extent(y.room(s, symbols[i+1:])) != iproute2Size {
			return LayoutLegacy
		}
	}
	return LayoutIproute2
}

// layoutsIn are the layouts of the structs in a section, by the names of its variables; nil where BTF does not list them.
func (t *types) layoutsIn(section string) (map[string]MapLayout, error) {
	if t == nil || t.datasecs[section] == 0 {
		return nil, nil
	}
	list, err := t.at(t.datasecs[section])
	if err != nil {
		return nil, err
	}
	found := make(map[string]MapLayout, list.vlen)
	for i := range list.vlen {
		v, err := t.declared(&list, i)
		if err != nil {
			return nil, err
		}
		if found[v.name], err = t.layoutOf(v.typ); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// layoutOf is the layout of a struct behind its typedefs and qualifiers: what it is called, or what its members are. It is bpf_map_def for all
// that nothing else is said of.
func (t *types) layoutOf(id btf.TypeID) (MapLayout, error) {
	_, r, err := t.plain(id)
	switch {
	case err != nil:
		return LayoutByRule, err
	case r.kind != kindStruct:
		return LayoutLegacy, nil
	case layoutNames[r.name] != LayoutByRule:
		return layoutNames[r.name], nil
	}
	missing := []string{"size_key", "size_value", "max_elem"}
	for i := range r.vlen {
		m, err := t.member(&r, i)
		if err != nil {
			return LayoutByRule, err
		}
		missing = slices.DeleteFunc(missing, func(name string) bool { return name == m.name })
	}
	if len(missing) > 0 {
		return LayoutLegacy, nil
	}
	return LayoutIproute2, nil
}
