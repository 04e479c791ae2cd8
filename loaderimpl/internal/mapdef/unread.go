// SPDX-License-Identifier: Apache-2.0

package mapdef

import (
	"slices"
	"strings"

	"github.com/cilium/ebpf/btf"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/objfile"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/typeinfo"
)

// An object may have sections of data that no loader reads: libxdp's xdp_metadata, a section for a
// tool of the programmer's. They are left alone, unless they look as if they hold maps. Those would
// be missing for user space even where no program refers to them.

// checkUnread refuses a section that looks as if it holds maps and that nothing reads.
func (in *Input) checkUnread() error {
	for i := range in.File.Sections {
		s := &in.File.Sections[i]
		if in.parserOf(s) != nil {
			continue
		}
		name, err := in.looksLikeMaps(s)
		if err != nil {
			return refuse.At(refuse.StageDefine, s.Name, name, err)
		}
		if name != "" {
			return refuse.At(refuse.StageDefine, s.Name, name, refuse.ErrMapKind)
		}
	}
	return nil
}

// looksLikeMaps returns the name of a variable that looks like a map in a section that no parser of
// this package reads: the section has maps or map for a word of its name (maps/config,
// vendor_maps), or the variable's type is a struct of those that define maps, by its name or by its
// members. It returns "" for none.
func (in *Input) looksLikeMaps(s *objfile.Section) (string, error) {
	if !holdsDefinitions(s) || in.ownParser(s) != nil {
		return "", nil
	}
	var first *objfile.Symbol
	for _, y := range s.Symbols {
		// BPF_ANNOTATE_KV_PAIR has a section for each map: .maps.NAME.
		if !strings.HasPrefix(y.Name, annotation) && (first == nil || y.Value < first.Value) {
			first = y
		}
	}
	if first != nil && saysMaps(s.Name) {
		return first.Name, nil
	}
	return in.definesMap(s)
}

// annotation begins the names of structs and variables of BPF_ANNOTATE_KV_PAIR.
const annotation = "____btf_map_"

// saysMaps reports whether one of a name's words is maps or map.
func saysMaps(name string) bool {
	words := strings.FieldsFunc(name, func(r rune) bool {
		return (r < 'a' || 'z' < r) && (r < 'A' || 'Z' < r) && (r < '0' || '9' < r)
	})
	return slices.Contains(words, "maps") || slices.Contains(words, "map")
}

// definesMap returns the name of a section's first variable whose struct defines maps.
func (in *Input) definesMap(s *objfile.Section) (string, error) {
	id := in.Types.Datasec(s.Name)
	if id == 0 {
		return "", nil
	}
	list, err := in.Types.Type(id)
	if err != nil {
		return "", err
	}
	for i := range list.Vlen {
		v, err := in.Types.Declared(&list, i)
		if err != nil {
			return "", err
		}
		defines, err := definesMaps(in.Types, v.Type)
		if defines || err != nil {
			return v.Name, err
		}
	}
	return "", nil
}

// definesMaps reports whether a type is a struct that defines maps: one of [layoutNames], or one
// that says both of what type and of how many entries something is.
func definesMaps(t *typeinfo.Types, id btf.TypeID) (bool, error) {
	_, r, err := t.Plain(id)
	if err != nil || r.Kind != typeinfo.KindStruct {
		return false, err
	}
	if layoutNames[r.Name] != LayoutByRule {
		return true, nil
	}
	var typ, entries bool
	for i := range r.Vlen {
		m, err := t.Member(&r, i)
		if err != nil {
			return false, err
		}
		typ = typ || m.Name == "type"
		entries = entries || m.Name == "max_entries" || m.Name == "max_elem"
	}
	return typ && entries, nil
}
