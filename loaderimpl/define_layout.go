// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"fmt"

	"github.com/cilium/ebpf/btf"
)

// A MapLayout is the struct that the maps of section maps are defined by. The section itself does not say which: the structs have their first
// five fields in common, and what comes after them means something else in each. All maps of an object's section have one layout, else they are
// refused. It is
//
//   - what [Options.MapLayout] says; else
//   - what the struct is called, where BTF lists the section's variables: struct bpf_elf_map and struct bpf_load_map_def are known, any other is
//     read as bpf_map_def, whose tail has to be zero; else
//   - bpf_elf_map if each definition has exactly its 36 bytes, which is how iproute2's objects were compiled before compilers wrote BTF; else
//   - bpf_map_def.
//
// So struct bpf_load_map_def is read in objects with BTF only, unless it is asked for: without its name it looks like a bpf_map_def with a tail.
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
	name, err := layoutByName(in.types, s, symbols)
	if err != nil {
		return nil, err
	}
	if name == LayoutByRule {
		name = layoutBySize(s, symbols)
	}
	return layouts[name], nil
}

// layoutByName is the layout by the names of the variables' types, or LayoutByRule if BTF does not list them.
func layoutByName(t *types, s *section, symbols []*symbol) (MapLayout, error) {
	names, err := t.structsIn(s.name)
	if names == nil || err != nil {
		return LayoutByRule, err
	}
	found := LayoutByRule
	for _, y := range symbols {
		name := MapLayout(names[y.name])
		if layouts[name] == nil {
			name = LayoutLegacy
		}
		if found != LayoutByRule && name != found {
			return LayoutByRule, at(StageDefine, s.name, y.name, fmt.Errorf("%s, and %s before it: %w", name, found, ErrLayout))
		}
		found = name
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

// structsIn are the names of the structs in a section, by the names of its variables; nil where BTF does not list them. A variable that is no
// struct, or one without a name, has none.
func (t *types) structsIn(section string) (map[string]string, error) {
	if t == nil || t.datasecs[section] == 0 {
		return nil, nil
	}
	list, err := t.at(t.datasecs[section])
	if err != nil {
		return nil, err
	}
	names := make(map[string]string, list.vlen)
	for i := range list.vlen {
		v, err := t.declared(&list, i)
		if err != nil {
			return nil, err
		}
		if names[v.name], err = t.structName(v.typ); err != nil {
			return nil, err
		}
	}
	return names, nil
}

// structName is the name of a struct behind its typedefs and qualifiers; empty for another type.
func (t *types) structName(id btf.TypeID) (string, error) {
	_, r, err := t.plain(id)
	if err != nil || r.kind != kindStruct {
		return "", err
	}
	return r.name, nil
}
