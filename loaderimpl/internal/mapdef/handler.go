// SPDX-License-Identifier: Apache-2.0

package mapdef

import (
	"cmp"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/objfile"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/typeinfo"
)

// A Handler reads definitions that this package does not understand, or reads them in another way.
type Handler struct {
	// Section names the section whose definitions the handler is asked about. A handler whose
	// Section is empty is asked about what nothing else understands.
	Section string

	// Define fills in a draft. It hands it back with [refuse.ErrHandBack].
	Define func(d *Draft) error
}

// A Draft holds a definition that a [Handler] is asked about.
type Draft struct {
	Definition

	in *Input
}

// ByteOrder returns the byte order of the object, and so of Raw.
func (d *Draft) ByteOrder() binary.ByteOrder { return d.in.File.Order }

// Types returns the object's types, nil where it has none.
func (d *Draft) Types() (*btf.Spec, error) { return typeinfo.Spec(d.in.File, d.in.Types) }

// Number returns the n of a field that was written as __uint(name, n). The error wraps
// [refuse.ErrNotPointer] for a field that was not, and [refuse.ErrField] for a field without a
// type.
func (d *Draft) Number(f Field) (uint32, error) {
	if d.in.Types == nil || f.Type == 0 {
		return 0, fmt.Errorf("field %s has no type: %w", f.Name, refuse.ErrField)
	}
	n, err := number(d.in.Types, f.Type)
	if err != nil {
		return 0, fmt.Errorf("field %s: %w", f.Name, err)
	}
	return n, nil
}

// CheckHandlers refuses handlers that could not be called, and two for one section.
func CheckHandlers(list []Handler) error {
	for i, h := range list {
		switch {
		case h.Define == nil:
			return fmt.Errorf("handler of maps in section %q does nothing: %w", h.Section,
				refuse.ErrHandler)
		case isData(h.Section):
			return fmt.Errorf("section %s holds global data, and no definitions: %w", h.Section,
				refuse.ErrHandler)
		case slices.ContainsFunc(list[:i],
			func(other Handler) bool { return other.Section == h.Section }):
			return fmt.Errorf("two handlers of maps in section %q: %w", h.Section,
				refuse.ErrHandler)
		}
	}
	return nil
}

// mapHandler returns the handler of a section, or, for no section, the one for what nothing else
// understands; nil where there is none.
func (in *Input) mapHandler(section string) *Handler {
	for i := range in.Handlers {
		if in.Handlers[i].Section == section {
			return &in.Handlers[i]
		}
	}
	return nil
}

// ask shows a definition to a handler, and adopts what it filled in. If the handler hands it back,
// d stays as it was.
func (h *Handler) ask(in *Input, d *Definition) error {
	draft := &Draft{Definition: *d, in: in}
	draft.Unknown = slices.Clone(d.Unknown)
	if err := h.Define(draft); err != nil {
		return err
	}
	name, section, offset, source, raw := d.Name, d.Section, d.Offset, d.Source, d.Raw
	*d = draft.Definition
	d.Name, d.Section, d.Offset, d.Source, d.Raw = name, section, offset, source, raw
	slices.SortFunc(d.Slots, func(a, b Slot) int { return cmp.Compare(a.Index, b.Index) })
	return nil
}

// sectionHandler lets a handler read the definitions of a section, and this package those that the
// handler hands back.
type sectionHandler struct{ handler *Handler }

func (sectionHandler) reads(s *objfile.Section) bool { return holdsDefinitions(s) }

// holdsDefinitions reports whether there can be definitions in a section: it holds data for
// programs to refer to.
func holdsDefinitions(s *objfile.Section) bool {
	return (s.Type == elf.SHT_PROGBITS || s.Type == elf.SHT_NOBITS) &&
		s.Flags&elf.SHF_EXECINSTR == 0 && !isData(s.Name)
}

func (p sectionHandler) define(in *Input, s *objfile.Section,
	_ handledList) ([]*Definition, error) {
	types, err := typesOf(in, s)
	if err != nil {
		return nil, err
	}
	symbols := slices.Clone(s.Symbols)
	slices.SortFunc(symbols, func(a, b *objfile.Symbol) int {
		return cmp.Compare(a.Value, b.Value)
	})
	var defs []*Definition
	var back []*objfile.Symbol
	for i, y := range symbols {
		d, err := draftAt(s, y, symbols[i+1:])
		if err != nil {
			return nil, refuse.At(refuse.StageDefine, s.Name, y.Name, err)
		}
		d.BTFType = types[y.Name]
		switch err := p.handler.ask(in, d); {
		case errors.Is(err, refuse.ErrHandBack):
			back = append(back, y)
			continue
		case err != nil:
			return nil, refuse.At(refuse.StageDefine, s.Name, y.Name, err)
		}
		if err := d.checkHandled(in.IgnoreUnknown); err != nil {
			return nil, refuse.At(refuse.StageDefine, s.Name, y.Name, err)
		}
		defs = append(defs, d)
	}
	if len(back) == 0 {
		return defs, nil
	}
	return defineRest(in, s, defs, back)
}

// typesOf returns the types of a section's variables, by their names.
func typesOf(in *Input, s *objfile.Section) (map[string]btf.TypeID, error) {
	_, vars, err := in.Types.Variables(s, nil)
	if err != nil {
		return nil, err
	}
	types := make(map[string]btf.TypeID, len(vars))
	for _, v := range vars {
		if types[v.Name], _, err = in.Types.Plain(v.Type); err != nil {
			return nil, refuse.At(refuse.StageDefine, s.Name, v.Name, err)
		}
	}
	return types, nil
}

// draftAt returns what is known of a definition whose layout is not: where it is, and its bytes.
// They go on to where the symbol says, or, if it has no size, to the next.
func draftAt(s *objfile.Section, y *objfile.Symbol, after []*objfile.Symbol) (*Definition, error) {
	room := s.Size - y.Value
	if len(after) > 0 {
		room = after[0].Value - y.Value
	}
	size := y.Size
	if size == 0 {
		size = room
	}
	switch {
	case y.Name == "":
		return nil, fmt.Errorf("definition at byte %d has no name: %w", y.Value,
			refuse.ErrDefinition)
	case size > room || size == 0:
		return nil, fmt.Errorf("%d bytes, and there is room for %d: %w", size, room,
			refuse.ErrDefinition)
	}
	d := &Definition{Name: y.Name, Section: s.Name, Offset: y.Value, Source: SourceHandler}
	if s.Data != nil {
		d.Raw = s.Data[y.Value : y.Value+size : y.Value+size]
	}
	return d, nil
}

// checkHandled checks what a handler filled in as it is checked in every parser's definitions.
func (d *Definition) checkHandled(ignoreUnknown bool) error {
	switch {
	case d.Type == ebpf.UnspecifiedMap && d.Supply == nil:
		return refuse.ErrTypeMissing
	case len(d.Unknown) > 0 && !ignoreUnknown:
		return fmt.Errorf("field %s: %w", d.Unknown[0].Name, refuse.ErrUnknownField)
	}
	return nil
}

// defineRest reads the definitions that a handler handed back, as if those that it took did not
// exist.
func defineRest(in *Input, s *objfile.Section, handled handledList,
	back []*objfile.Symbol) ([]*Definition, error) {
	own := in.ownParser(s)
	if own == nil {
		return nil, refuse.At(refuse.StageDefine, s.Name, back[0].Name, refuse.ErrMapKind)
	}
	rest := *s
	rest.Symbols = back
	if s.Data != nil {
		rest.Data = slices.Clone(s.Data)
		for _, d := range handled {
			clear(rest.Data[d.Offset : d.Offset+uint64(len(d.Raw))])
		}
	}
	defs, err := own.define(in, &rest, handled)
	if err != nil {
		return nil, err
	}
	defs = append(defs, handled...)
	slices.SortFunc(defs, func(a, b *Definition) int { return cmp.Compare(a.Offset, b.Offset) })
	return defs, nil
}

// A handledList holds the definitions of a section that a handler took.
type handledList []*Definition

// has reports whether a handler took the definition of that name.
func (h handledList) has(name string) bool {
	return slices.ContainsFunc(h, func(d *Definition) bool { return d.Name == name })
}

// covers reports whether a byte of the section is part of a definition that a handler took.
func (h handledList) covers(offset uint64) bool {
	return slices.ContainsFunc(h, func(d *Definition) bool {
		return offset >= d.Offset && offset-d.Offset < uint64(len(d.Raw))
	})
}

// forFallback finds the sections, by index, that the handler of what nothing else understands is
// asked about.
func (in *Input) forFallback() (map[int]bool, error) {
	found, err := in.referredTo()
	if err != nil {
		return nil, err
	}
	for i := range in.File.Sections {
		s := &in.File.Sections[i]
		name, err := in.looksLikeMaps(s)
		if err != nil {
			return nil, refuse.At(refuse.StageDefine, s.Name, name, err)
		}
		if name != "" {
			found[i] = true
		}
	}
	return found, nil
}

// referredTo finds the sections, by index, that hold definitions which no parser reads, and of
// which a program loads an address.
func (in *Input) referredTo() (map[int]bool, error) {
	f := in.File
	found := make(map[int]bool)
	for i := range f.Sections {
		s := &f.Sections[i]
		if !s.HoldsCode() {
			continue
		}
		relocs, err := f.Relocations(s)
		if err != nil {
			return nil, refuse.At(refuse.StageDefine, s.Name, "", err)
		}
		for _, r := range relocs {
			y := &f.Symbols[r.Symbol]
			if r.Type != objfile.Reloc64 || y.Section == elf.SHN_UNDEF ||
				int(y.Section) >= len(f.Sections) {
				continue
			}
			if to := &f.Sections[y.Section]; holdsDefinitions(to) && in.ownParser(to) == nil {
				found[to.Index] = true
			}
		}
	}
	return found, nil
}
