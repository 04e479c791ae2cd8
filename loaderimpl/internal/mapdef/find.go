// SPDX-License-Identifier: Apache-2.0

package mapdef

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/objfile"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/typeinfo"
)

// parser reads one way of defining maps.
type parser interface {
	// reads reports whether the parser is the one for a section.
	reads(s *objfile.Section) bool
	// define reads all definitions of a section but those that a handler took, in the order of
	// their offsets.
	define(in *Input, s *objfile.Section, handled handledList) ([]*Definition, error)
}

// Input holds what parsers see of an object.
type Input struct {
	File          *objfile.File
	Types         *typeinfo.Types // nil where there is no BTF
	IgnoreUnknown bool            // ignore and report unknown fields
	Layout        Layout          // of section maps, where the caller knows it
	Handlers      []Handler
	Metadata      bool // section .metadata is read-only data

	// referred holds, by index, the sections that a handler is asked about because programs refer
	// to them, or because they look as if they hold maps; nil without such a handler.
	referred map[int]bool
}

// parsers lists them in the order in which they are tried.
var parsers = []parser{btfParser{}, legacyParser{}, dataParser{}, structOpsParser{}}

// Find reads the map definitions of an object, in the order in which libbpf has them: section maps
// (to 0.8, bpf_object__init_user_maps), section .maps (bpf_object__init_user_btf_maps), sections
// that handlers read, each in the order of offsets, then global data in the order of its sections
// (bpf_object__init_global_data_maps), then structures that the kernel calls
// (bpf_object_init_struct_ops).
func Find(in *Input) ([]*Definition, error) {
	if in.mapHandler("") != nil {
		var err error
		if in.referred, err = in.forFallback(); err != nil {
			return nil, err
		}
	}
	if err := in.checkUnread(); err != nil {
		return nil, err
	}
	if err := in.checkTwins(); err != nil {
		return nil, err
	}
	var defs []*Definition
	for i := range in.File.Sections {
		s := &in.File.Sections[i]
		p := in.parserOf(s)
		if p == nil {
			continue
		}
		found, err := p.define(in, s, nil)
		if err != nil {
			return nil, refuse.At(refuse.StageDefine, s.Name, "", err)
		}
		defs = append(defs, found...)
	}
	if err := checkNames(defs); err != nil {
		return nil, err
	}
	if err := in.giveArena(defs); err != nil {
		return nil, err
	}
	slices.SortStableFunc(defs, func(a, b *Definition) int {
		return cmp.Compare(a.rank(), b.rank())
	})
	return defs, nil
}

// rank returns the place of a definition's section among the others.
func (d *Definition) rank() int {
	switch {
	case d.Section == legacySection:
		return 0
	case d.Section == mapsSection:
		return 1
	case d.Source == SourceData:
		return 3
	case d.Source == SourceKconfig:
		return 4
	case d.Source == SourceStructOps:
		return 5
	}
	return 2
}

// checkNames refuses two maps of one name.
func checkNames(defs []*Definition) error {
	sorted := slices.Clone(defs)
	slices.SortStableFunc(sorted, func(a, b *Definition) int { return cmp.Compare(a.Name, b.Name) })
	for i := 1; i < len(sorted); i++ {
		if d := sorted[i]; d.Name == sorted[i-1].Name {
			return refuse.At(refuse.StageDefine, d.Section, d.Name, refuse.ErrDuplicate)
		}
	}
	return nil
}

// checkTwins refuses sections of maps that share a name, as BTF tells sections apart by their
// names.
func (in *Input) checkTwins() error {
	names := make(map[string]bool)
	for i := range in.File.Sections {
		s := &in.File.Sections[i]
		if in.parserOf(s) == nil {
			continue
		}
		if names[s.Name] {
			return refuse.At(refuse.StageDefine, s.Name, "",
				fmt.Errorf("two sections of that name: %w", refuse.ErrELF))
		}
		names[s.Name] = true
	}
	return nil
}

// parserOf returns the parser of the definitions in a section: a handler of the caller's, one of
// this package's, or nil.
func (in *Input) parserOf(s *objfile.Section) parser {
	if !holdsDefinitions(s) {
		return in.ownParser(s)
	}
	if h := in.mapHandler(s.Name); h != nil && s.Name != "" {
		return sectionHandler{h}
	}
	if own := in.ownParser(s); own != nil || !in.referred[s.Index] {
		return own
	}
	return sectionHandler{in.mapHandler("")}
}

func (in *Input) ownParser(s *objfile.Section) parser {
	for _, p := range parsers {
		if p.reads(s) {
			return p
		}
	}
	if in.Metadata && s.Name == metadataSection && isAllocated(s) {
		return dataParser{}
	}
	return nil
}
