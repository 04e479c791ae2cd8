// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"cmp"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"
)

// A MapHandler lets a caller make sense of map definitions that this package does not understand, or understand them otherwise. It is registered
// with [Options.MapHandlers], for the objects that are opened with these options and no others.
type MapHandler struct {
	// Section is the section whose definitions the handler is asked about: one of the caller's own, or one that this package reads itself
	// (.maps, maps), where the handler comes first. Sections of code and of global data hold no definitions, and have no handlers.
	//
	// A handler whose Section is empty is asked about what nobody else understands: definitions in .maps with unknown fields, those of inner
	// maps too, and definitions in sections that nobody reads and a program refers to.
	Section string

	// Define is asked once for each definition, when the object is opened, in the order of offsets; for each symbol of a section there is
	// one. It fills in the draft, and returns nil. Or it returns [ErrHandBack], wrapped or not: then the draft is dropped, and this package
	// does as if there were no handler, but that it refuses a definition in a section of Section's that it does not read. Any other error
	// refuses the object; it is wrapped with its place, and has the class of what it wraps: of this package's sentinels, or an errno.
	//
	// Opening is pure. A handler that makes maps, or opens pins, does so in Draft.Supply, which is called when the object is loaded.
	Define func(d *Draft) error
}

// A Draft is a definition that is put before a [MapHandler].
type Draft struct {
	// Definition is what is known so far: of a definition in .maps all that its known fields say, with the others in Unknown; of any other
	// only where it is, its Raw bytes, and its BTFType if it has one. The handler fills in the rest. Name, Section, Offset, Source and Raw
	// stay as they are, whatever it does to them.
	//
	// Of the fields in Unknown the handler takes out those that it understood. What is left there is refused, or, with
	// [Options.IgnoreUnknownFields], reported.
	Definition

	// PinPath is where to pin the map, by [Options.PinPolicy], like [Map.SetPinPath]. For a map that is pinned by its name there is
	// Definition.Pinning.
	PinPath string

	// Supply, if it is set, is asked for the map when the object is loaded, once, instead of making one. The loader takes a descriptor of its
	// own: the map that Supply returns stays the handler's, who may close it when [Object.Load] has returned. If Definition.Type is set, the
	// map has to be what the definition says, as with [Map.UseMap]. It is used as it is: with no initial values put in.
	Supply func() (*ebpf.Map, error)

	in *input
}

// SetNumaNode asks for a NUMA node, and sets BPF_F_NUMA_NODE with it, like [Map.SetNumaNode].
func (d *Draft) SetNumaNode(node uint32) { d.onNode(node) }

// ByteOrder is the byte order of the object, and so of Raw.
func (d *Draft) ByteOrder() binary.ByteOrder { return d.in.file.order }

// Types are the object's types; see [Object.Types].
func (d *Draft) Types() (*btf.Spec, error) { return specOf(d.in.file, d.in.types) }

// Number is the n of a field that was written as __uint(name, n). The error wraps [ErrNotPointer] for a field that was not, and [ErrField] for
// one that is no field of BTF.
func (d *Draft) Number(f Field) (uint32, error) {
	if d.in.types == nil || f.Type == 0 {
		return 0, fmt.Errorf("field %s has no type: %w", f.Name, ErrField)
	}
	n, err := d.in.types.number(f.Type)
	if err != nil {
		return 0, fmt.Errorf("field %s: %w", f.Name, err)
	}
	return n, nil
}

// checkMapHandlers refuses handlers that could not be called, or that nobody could choose between.
func checkMapHandlers(list []MapHandler) error {
	for i, h := range list {
		switch {
		case h.Define == nil:
			return fmt.Errorf("handler of maps in section %q does nothing: %w", h.Section, ErrHandler)
		case isData(h.Section):
			return fmt.Errorf("section %s holds global data, and no definitions: %w", h.Section, ErrHandler)
		case slices.ContainsFunc(list[:i], func(other MapHandler) bool { return other.Section == h.Section }):
			return fmt.Errorf("two handlers of maps in section %q: %w", h.Section, ErrHandler)
		}
	}
	return nil
}

// mapHandler is the handler of a section, or, for no section, the one for what nobody else understands. It is nil where there is none.
func (in *input) mapHandler(section string) *MapHandler {
	for i := range in.handlers {
		if in.handlers[i].Section == section {
			return &in.handlers[i]
		}
	}
	return nil
}

// ask puts a definition before a handler, and takes over what it made of it. If the handler hands it back, d is as it was.
func (h *MapHandler) ask(in *input, d *Definition) error {
	draft := &Draft{Definition: *d, in: in}
	draft.Unknown = slices.Clone(d.Unknown)
	if err := h.Define(draft); err != nil {
		return err
	}
	name, section, offset, source, raw := d.Name, d.Section, d.Offset, d.Source, d.Raw
	*d = draft.Definition
	d.Name, d.Section, d.Offset, d.Source, d.Raw = name, section, offset, source, raw
	d.pinPath, d.supply = draft.PinPath, draft.Supply
	slices.SortFunc(d.Slots, func(a, b Slot) int { return cmp.Compare(a.Index, b.Index) })
	return nil
}

// sectionHandler lets a handler read the definitions of a section, and this package those that the handler hands back.
type sectionHandler struct{ handler *MapHandler }

func (sectionHandler) reads(s *section) bool { return holdsDefinitions(s) }

// holdsDefinitions reports whether there can be definitions in a section: it holds data for programs to refer to.
func holdsDefinitions(s *section) bool {
	return (s.typ == elf.SHT_PROGBITS || s.typ == elf.SHT_NOBITS) && s.flags&elf.SHF_EXECINSTR == 0 && !isData(s.name)
}

func (p sectionHandler) define(in *input, s *section) ([]*Definition, error) {
	types, err := typesOf(in, s)
	if err != nil {
		return nil, err
	}
	symbols := slices.Clone(s.symbols)
	slices.SortFunc(symbols, func(a, b *symbol) int { return cmp.Compare(a.value, b.value) })
	var defs []*Definition
	var back []*symbol
	for i, y := range symbols {
		d, err := draftAt(s, y, symbols[i+1:])
		if err != nil {
			return nil, at(StageDefine, s.name, y.name, err)
		}
		d.BTFType = types[y.name]
		switch err := p.handler.ask(in, d); {
		case errors.Is(err, ErrHandBack):
			back = append(back, y)
			continue
		case err != nil:
			return nil, at(StageDefine, s.name, y.name, err)
		}
		if err := d.checkHandled(in.relax); err != nil {
			return nil, at(StageDefine, s.name, y.name, err)
		}
		defs = append(defs, d)
	}
	if len(back) == 0 {
		return defs, nil
	}
	return defineRest(in, s, defs, back)
}

// typesOf are the types of a section's variables, by their names.
func typesOf(in *input, s *section) (map[string]btf.TypeID, error) {
	_, vars, err := in.types.variables(s)
	if err != nil {
		return nil, err
	}
	types := make(map[string]btf.TypeID, len(vars))
	for _, v := range vars {
		if types[v.name], _, err = in.types.plain(v.typ); err != nil {
			return nil, at(StageDefine, s.name, v.name, err)
		}
	}
	return types, nil
}

// draftAt is what there is to be known of a definition whose layout is not: its place and bytes. They go on to where the symbol says, or, if it
// says nothing, to the next.
func draftAt(s *section, y *symbol, after []*symbol) (*Definition, error) {
	room := s.size - y.value
	if len(after) > 0 {
		room = after[0].value - y.value
	}
	size := y.size
	if size == 0 {
		size = room
	}
	switch {
	case y.name == "":
		return nil, fmt.Errorf("definition at byte %d has no name: %w", y.value, ErrDefinition)
	case size > room || size == 0:
		return nil, fmt.Errorf("%d bytes, and there is room for %d: %w", size, room, ErrDefinition)
	}
	d := &Definition{Name: y.name, Section: s.name, Offset: y.value, Source: SourceHandler}
	if s.data != nil {
		d.Raw = s.data[y.value : y.value+size : y.value+size]
	}
	return d, nil
}

// checkHandled holds what a handler made of a definition to what any parser's has to be.
func (d *Definition) checkHandled(relax bool) error {
	switch {
	case d.Type == ebpf.UnspecifiedMap && d.supply == nil:
		return ErrTypeMissing
	case len(d.Unknown) > 0 && !relax:
		return fmt.Errorf("field %s: %w", d.Unknown[0].Name, ErrUnknownField)
	case d.Pinning != PinNone && d.Pinning != PinByName:
		return fmt.Errorf("%d: %w", d.Pinning, ErrPinning)
	}
	return nil
}

// defineRest reads the definitions that a handler handed back, as if those that it took were not there.
func defineRest(in *input, s *section, taken []*Definition, back []*symbol) ([]*Definition, error) {
	own := ownParser(s)
	if own == nil {
		return nil, at(StageDefine, s.name, back[0].name, ErrMapKind)
	}
	rest := *s
	rest.symbols, rest.taken = back, taken
	if s.data != nil {
		rest.data = slices.Clone(s.data)
		for _, d := range taken {
			clear(rest.data[d.Offset : d.Offset+uint64(len(d.Raw))])
		}
	}
	defs, err := own.define(in, &rest)
	if err != nil {
		return nil, err
	}
	defs = append(defs, taken...)
	slices.SortFunc(defs, func(a, b *Definition) int { return cmp.Compare(a.Offset, b.Offset) })
	return defs, nil
}

// took reports whether a handler took the definition of that name in a section.
func (s *section) took(name string) bool {
	return slices.ContainsFunc(s.taken, func(d *Definition) bool { return d.Name == name })
}

// tookByte reports whether a byte of a section is part of a definition that a handler took.
func (s *section) tookByte(offset uint64) bool {
	return slices.ContainsFunc(s.taken, func(d *Definition) bool {
		return offset >= d.Offset && offset-d.Offset < uint64(len(d.Raw))
	})
}

// referredTo are the sections that hold definitions nobody reads, by index: a program loads the address of something in them.
func referredTo(f *file) (map[int]bool, error) {
	found := make(map[int]bool)
	for i := range f.sections {
		s := &f.sections[i]
		if !holdsCode(s) {
			continue
		}
		relocs, err := f.relocations(s)
		if err != nil {
			return nil, at(StageDefine, s.name, "", err)
		}
		for _, r := range relocs {
			y := &f.symbols[r.symbol]
			if r.typ != reloc64 || y.section == elf.SHN_UNDEF || int(y.section) >= len(f.sections) {
				continue
			}
			if to := &f.sections[y.section]; holdsDefinitions(to) && ownParser(to) == nil {
				found[to.index] = true
			}
		}
	}
	return found, nil
}
