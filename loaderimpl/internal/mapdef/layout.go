// SPDX-License-Identifier: Apache-2.0

package mapdef

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/cilium/ebpf/btf"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/objfile"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/typeinfo"
)

// A Layout names the struct that the maps of section maps are defined by. The section itself does
// not say which: the structs have their first five fields in common, and what comes after them
// means something else in each. All maps of an object's section have one layout, else they are
// refused. It is
//
//   - what the caller says; else
//   - what BTF says of the struct, where it lists the section's variables: its name, if that is one
//     of the three, or bpf_map_def_legacy, which is what programs call bpf_load_map_def; else
//     bpf_elf_map if it has the members that only iproute2 calls so (size_key, size_value,
//     max_elem), as programs have that declare the struct where they use it; else bpf_map_def,
//     whose tail has to be zero; else
//   - bpf_elf_map if each definition has exactly its 36 bytes, which is how iproute2's objects were
//     compiled before compilers wrote BTF; else
//   - bpf_map_def.
//
// So the structs of the samples are read in objects with BTF only, unless it is asked for: without
// their names they look like a bpf_map_def with a tail. Where the rule is wrong, the tail is not
// zero in nearly all cases, and the object is refused.
type Layout string

// The layouts.
const (
	// LayoutByRule finds the layout by the rule above.
	LayoutByRule Layout = ""
	// LayoutLegacy has type, key_size, value_size, max_entries, map_flags: libbpf 0.x.
	LayoutLegacy Layout = "bpf_map_def"
	// LayoutIproute2 has the same five, id, pinning, inner_id, inner_idx: iproute2.
	LayoutIproute2 Layout = "bpf_elf_map"
	// LayoutSamples has the same five, inner_map_idx, numa_node: the kernel's samples up to
	// Linux 5.10.
	LayoutSamples Layout = "bpf_load_map_def"
)

// layouts read one struct each.
var layouts = map[Layout]layout{
	LayoutLegacy: legacyLayout{}, LayoutIproute2: iproute2Layout{}, LayoutSamples: samplesLayout{},
}

// layoutNames maps what the structs are called in programs to their layouts.
var layoutNames = map[string]Layout{
	"bpf_map_def":        LayoutLegacy,
	"bpf_elf_map":        LayoutIproute2,
	"bpf_load_map_def":   LayoutSamples, // samples/bpf/bpf_load.h
	"bpf_map_def_legacy": LayoutSamples, // selftests/bpf/bpf_legacy.h, Linux 5.2 to 5.8
}

// Check refuses a layout that does not exist, whether the object has such maps or not.
func (l Layout) Check() error {
	if l != LayoutByRule && layouts[l] == nil {
		return fmt.Errorf("%q: %w", l, refuse.ErrLayout)
	}
	return nil
}

// layout reads structs of one kind.
type layout interface {
	// size returns how many bytes of a definition are known.
	size() int
	// takesZeros reports whether zeros may follow what is known.
	takesZeros() bool
	// read fills in what only this layout has.
	read(d *Definition, n numbers) error
	// connect fills in what definitions of one section say about each other.
	connect(defs []*Definition) error
}

// layoutOf finds the layout of the definitions at the symbols of a section.
func layoutOf(in *Input, s *objfile.Section, symbols []*objfile.Symbol) (layout, error) {
	if in.Layout != LayoutByRule {
		return layouts[in.Layout], nil
	}
	found, err := layoutByType(in.Types, s, symbols)
	if err != nil {
		return nil, err
	}
	if found == LayoutByRule {
		found = layoutBySize(s, symbols)
	}
	return layouts[found], nil
}

// layoutByType returns the layout by the variables' types, or LayoutByRule if BTF does not list
// them.
func layoutByType(t *typeinfo.Types, s *objfile.Section,
	symbols []*objfile.Symbol) (Layout, error) {
	layouts, err := layoutsIn(t, s.Name)
	if layouts == nil || err != nil {
		return LayoutByRule, err
	}
	found := LayoutByRule
	for _, y := range symbols {
		l := cmp.Or(layouts[y.Name], LayoutLegacy)
		if found != LayoutByRule && l != found {
			return LayoutByRule, refuse.At(refuse.StageDefine, s.Name, y.Name,
				fmt.Errorf("%s, and %s before it: %w", l, found, refuse.ErrLayout))
		}
		found = l
	}
	return found, nil
}

// layoutBySize returns the layout by the sizes of the definitions.
func layoutBySize(s *objfile.Section, symbols []*objfile.Symbol) Layout {
	for i, y := range symbols {
		if extentOf(y, roomAt(y, s, symbols[i+1:])) != iproute2Size {
			return LayoutLegacy
		}
	}
	return LayoutIproute2
}

// layoutsIn returns the layouts of the structs in a section, by the names of its variables; nil
// where BTF does not list them.
func layoutsIn(t *typeinfo.Types, section string) (map[string]Layout, error) {
	id := t.Datasec(section)
	if id == 0 {
		return nil, nil
	}
	list, err := t.Type(id)
	if err != nil {
		return nil, err
	}
	found := make(map[string]Layout, list.Vlen)
	for i := range list.Vlen {
		v, err := t.Declared(&list, i)
		if err != nil {
			return nil, err
		}
		if found[v.Name], err = layoutOfType(t, v.Type); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// layoutOfType returns the layout of a struct behind its typedefs and qualifiers, by its name or by
// its members. It is bpf_map_def where neither says more.
func layoutOfType(t *typeinfo.Types, id btf.TypeID) (Layout, error) {
	_, r, err := t.Plain(id)
	switch {
	case err != nil:
		return LayoutByRule, err
	case r.Kind != typeinfo.KindStruct:
		return LayoutLegacy, nil
	case layoutNames[r.Name] != LayoutByRule:
		return layoutNames[r.Name], nil
	}
	missing := []string{"size_key", "size_value", "max_elem"}
	for i := range r.Vlen {
		m, err := t.Member(&r, i)
		if err != nil {
			return LayoutByRule, err
		}
		missing = slices.DeleteFunc(missing, func(name string) bool { return name == m.Name })
	}
	if len(missing) > 0 {
		return LayoutLegacy, nil
	}
	return LayoutIproute2, nil
}
