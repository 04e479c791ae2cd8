// SPDX-License-Identifier: Apache-2.0

package mapdef

import (
	"cmp"
	"debug/elf"
	"fmt"
	"slices"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/objfile"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/typeinfo"
)

// legacySection holds maps that are defined by a struct each.
const legacySection = "maps"

// Sizes of struct bpf_map_def { __u32 type, key_size, value_size, max_entries, map_flags; }, in
// bytes.
const (
	legacySize    = 20
	legacyMinSize = 16 // without map_flags, which came later
)

// legacyParser reads maps that are defined by their bytes. There may be several in a section, with
// padding in between; each is where its symbol says. All are structs of one layout: see [Layout].
//
// A static definition is refused. libbpf 0.x accepted it, iproute2 does not see it and cilium/ebpf
// refuses it; BTF maps may not be static in any loader, and one rule for both kinds is easier to
// remember.
type legacyParser struct{}

func (legacyParser) reads(s *objfile.Section) bool { return s.Name == legacySection }

func (legacyParser) define(in *Input, s *objfile.Section, _ handledList) ([]*Definition, error) {
	symbols := slices.Clone(s.Symbols)
	slices.SortFunc(symbols, func(a, b *objfile.Symbol) int {
		return cmp.Compare(a.Value, b.Value)
	})
	switch {
	case len(symbols) == 0:
		return nil, fmt.Errorf("%d bytes and no symbol: %w", s.Size, refuse.ErrDefinition)
	case s.Data == nil:
		return nil, fmt.Errorf("section has no bytes in the file: %w", refuse.ErrDefinition)
	}
	layout, err := layoutOf(in, s, symbols)
	if err != nil {
		return nil, err
	}
	linked, err := listsOnly(in.Types, s)
	if err != nil {
		return nil, err
	}
	defs := make([]*Definition, 0, len(symbols))
	end := uint64(0)
	for i, y := range symbols {
		d, err := defineLegacy(in, s, y, roomAt(y, s, symbols[i+1:]), layout)
		if err != nil {
			return nil, refuse.At(refuse.StageDefine, s.Name, y.Name, err)
		}
		if err := checkGap(s.Data[min(end, y.Value):y.Value], linked); err != nil {
			return nil, fmt.Errorf("at byte %d: %w", end, err)
		}
		end = y.Value + uint64(len(d.Raw))
		defs = append(defs, d)
	}
	if err := checkGap(s.Data[end:], linked); err != nil {
		return nil, fmt.Errorf("at byte %d: %w", end, err)
	}
	return defs, layout.connect(defs)
}

// roomAt returns how many bytes there are from a symbol to the one after it, or to the end of its
// section.
func roomAt(y *objfile.Symbol, s *objfile.Section, after []*objfile.Symbol) uint64 {
	if len(after) > 0 {
		return after[0].Value - y.Value
	}
	return s.Size - y.Value
}

// extentOf returns how many bytes the definition at a symbol has: as many as the symbol says, or
// all that there is room for.
func extentOf(y *objfile.Symbol, room uint64) uint64 {
	if y.Size == 0 {
		return room
	}
	return y.Size
}

// checkGap refuses bytes between definitions that are not padding: they could be a definition whose
// symbol was stripped. In an object that was linked they are what is left of a weak definition that
// lost: linkers leave its bytes, and take its symbol and its variable (libbpf,
// linker_append_elf_sym).
func checkGap(gap []byte, linked bool) error {
	if len(gap)%4 != 0 || !zero(gap) && !(linked && len(gap) >= legacyMinSize) {
		return fmt.Errorf("%d bytes that belong to no symbol: %w", len(gap), refuse.ErrDefinition)
	}
	return nil
}

// listsOnly reports whether BTF lists a section's variables, and each of them has a symbol. The
// compiler lists all, so nothing was stripped of the section then.
func listsOnly(t *typeinfo.Types, s *objfile.Section) (bool, error) {
	id := t.Datasec(s.Name)
	if id == 0 {
		return false, nil
	}
	list, err := t.Type(id)
	if err != nil {
		return false, err
	}
	for i := range list.Vlen {
		v, err := t.Declared(&list, i)
		if err != nil {
			return false, err
		}
		if !slices.ContainsFunc(s.Symbols, func(y *objfile.Symbol) bool {
			return y.Name == v.Name
		}) {
			return false, nil
		}
	}
	return true, nil
}

func zero(b []byte) bool {
	return !slices.ContainsFunc(b, func(c byte) bool { return c != 0 })
}

// defineLegacy reads the definition at a symbol.
func defineLegacy(in *Input, s *objfile.Section, y *objfile.Symbol, room uint64,
	l layout) (*Definition, error) {
	size := extentOf(y, room)
	switch {
	case y.Name == "":
		return nil, fmt.Errorf("definition at byte %d has no name: %w", y.Value,
			refuse.ErrDefinition)
	case y.Bind == elf.STB_LOCAL:
		return nil, refuse.ErrStatic
	case y.Value%4 != 0:
		return nil, fmt.Errorf("at byte %d, not aligned: %w", y.Value, refuse.ErrDefinition)
	case size < legacyMinSize || size > room:
		return nil, fmt.Errorf("%d bytes, want %d or more and have room for %d: %w", size,
			legacyMinSize, room, refuse.ErrDefinition)
	}
	d := &Definition{Name: y.Name, Section: s.Name, Offset: y.Value,
		Raw: s.Data[y.Value : y.Value+size]}
	if err := d.readNumbers(in, l); err != nil {
		return nil, err
	}
	return d, d.annotate(in.Types)
}

// readNumbers reads the bytes of a definition.
func (d *Definition) readNumbers(in *Input, l layout) error {
	known := l.size()
	if len(d.Raw) < known && len(d.Raw)%4 != 0 {
		return fmt.Errorf("%d bytes end inside a number: %w", len(d.Raw), refuse.ErrDefinition)
	}
	n := readNumbers(in.File.Order, d.Raw)
	d.Type, d.KeySize, d.ValueSize, d.MaxEntries, d.Flags = ebpf.MapType(n[0]), n[1], n[2], n[3],
		n[4]
	if d.Type == ebpf.UnspecifiedMap {
		return refuse.ErrTypeMissing
	}
	if len(d.Raw) > known {
		if err := d.readTail(known, l.takesZeros(), in.IgnoreUnknown); err != nil {
			return err
		}
	}
	return l.read(d, n)
}

// numbers hold the fields of a definition, in their order; 0 for those that it lacks.
type numbers [iproute2Size / 4]uint32

func readNumbers(order objfile.ByteOrder, raw []byte) numbers {
	var n numbers
	for i := range n {
		if len(raw) >= 4*(i+1) {
			n[i] = order.Uint32(raw[4*i:])
		}
	}
	return n
}

// readTail reads the bytes after the fields of a layout. They come from another loader, or another
// version, and their meaning is not known here.
func (d *Definition) readTail(known int, takesZeros, ignoreUnknown bool) error {
	tail := d.Raw[known:]
	if takesZeros && zero(tail) {
		return nil
	}
	name := fmt.Sprintf("bytes %d-%d", known, len(d.Raw)-1)
	if !ignoreUnknown {
		return fmt.Errorf("%s: %w, or say with Layout which struct it is", name,
			refuse.ErrUnknownField)
	}
	d.Unknown = append(d.Unknown, Field{Name: name, Offset: uint32(known), Raw: tail})
	return nil
}

// legacyLayout reads struct bpf_map_def, as libbpf 0.x, cilium/ebpf and aya do. A shorter one lacks
// flags, which are then 0. A longer one comes from another loader; its tail has to be zero (libbpf
// 0.x, bpf_object__init_user_maps).
type legacyLayout struct{}

func (legacyLayout) size() int        { return legacySize }
func (legacyLayout) takesZeros() bool { return true }

func (legacyLayout) read(d *Definition, _ numbers) error {
	d.Source = SourceLegacy
	return nil
}

func (legacyLayout) connect([]*Definition) error { return nil }

// annotate gives a legacy definition the types of its key and value, if BPF_ANNOTATE_KV_PAIR names
// them: a struct ____btf_map_NAME with the members key and value. An annotation of other sizes is
// no error for any loader that reads it (iproute2, libbpf 0.x): the map is then created without
// types.
func (d *Definition) annotate(t *typeinfo.Types) error {
	id := t.Annotated(d.Name)
	if id == 0 {
		return nil
	}
	kv, err := t.Type(id)
	if err != nil || kv.Vlen < 2 {
		return err
	}
	key, err := t.Member(&kv, 0)
	if err != nil {
		return err
	}
	value, err := t.Member(&kv, 1)
	if err != nil {
		return err
	}
	if key.Name == "key" && value.Name == "value" && hasSize(t, key.Type, d.KeySize) &&
		hasSize(t, value.Type, d.ValueSize) {
		d.Key, d.Value, d.BTFType = key.Type, value.Type, id
	}
	return nil
}

func hasSize(t *typeinfo.Types, id btf.TypeID, size uint32) bool {
	n, err := t.SizeOf(id)
	return err == nil && n == size
}
