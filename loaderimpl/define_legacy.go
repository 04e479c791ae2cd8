// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"cmp"
	"debug/elf"
	"fmt"
	"slices"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"
)

// legacySection is where maps are defined by a struct each.
const legacySection = "maps"

// Sizes of struct bpf_map_def { __u32 type, key_size, value_size, max_entries, map_flags; }, in bytes.
const (
	legacySize    = 20
	legacyMinSize = 16 // without map_flags, which came later
)

// legacyParser reads maps that are defined by their bytes. There may be several in a section, with padding in between; each is where its
// symbol says. All are structs of one layout, which is found out first: see [MapLayout].
//
// A static definition is refused. libbpf 0.x took it, iproute2 does not see it and cilium/ebpf refuses it; BTF maps may not be static in any
// loader, and one rule for both kinds is easier to remember.
type legacyParser struct{}

func (legacyParser) reads(s *section) bool { return s.name == legacySection }

func (legacyParser) define(in *input, s *section) ([]*Definition, error) {
	symbols := slices.Clone(s.symbols)
	slices.SortFunc(symbols, func(a, b *symbol) int { return cmp.Compare(a.value, b.value) })
	switch {
	case len(symbols) == 0:
		return nil, fmt.Errorf("%d bytes and no symbol: %w", s.size, ErrDefinition)
	case s.data == nil:
		return nil, fmt.Errorf("section has no bytes in the file: %w", ErrDefinition)
	}
	layout, err := layoutOf(in, s, symbols)
	if err != nil {
		return nil, err
	}
	defs := make([]*Definition, 0, len(symbols))
	end := uint64(0)
	for i, y := range symbols {
		d, err := defineLegacy(in, s, y, y.room(s, symbols[i+1:]), layout)
		if err != nil {
			return nil, at(StageDefine, s.name, y.name, err)
		}
		if err := checkGap(s.data[min(end, y.value):y.value]); err != nil {
			return nil, fmt.Errorf("at byte %d: %w", end, err)
		}
		end = y.value + uint64(len(d.Raw))
		defs = append(defs, d)
	}
	if err := checkGap(s.data[end:]); err != nil {
		return nil, fmt.Errorf("at byte %d: %w", end, err)
	}
	return defs, layout.connect(defs)
}

// room is how many bytes there are from a symbol to the next that comes after it, or to the end of its section.
func (y *symbol) room(s *section, after []*symbol) uint64 {
	if len(after) > 0 {
		return after[0].value - y.value
	}
	return s.size - y.value
}

// extent is how many bytes the definition at a symbol has: as many as the symbol says, or all there is room for.
func (y *symbol) extent(room uint64) uint64 {
	if y.size == 0 {
		return room
	}
	return y.size
}

// checkGap refuses bytes between definitions that are no padding: they could be a definition whose symbol was stripped.
func checkGap(gap []byte) error {
	if len(gap)%4 != 0 || !zero(gap) {
		return fmt.Errorf("%d bytes that belong to no symbol: %w", len(gap), ErrDefinition)
	}
	return nil
}

func zero(b []byte) bool {
	return !slices.ContainsFunc(b, func(c byte) bool { return c != 0 })
}

// defineLegacy reads the definition at a symbol.
func defineLegacy(in *input, s *section, y *symbol, room uint64, l layout) (*Definition, error) {
	size := y.extent(room)
	switch {
	case y.name == "":
		return nil, fmt.Errorf("definition at byte %d has no name: %w", y.value, ErrDefinition)
	case y.bind == elf.STB_LOCAL:
		return nil, ErrStatic
	case y.value%4 != 0:
		return nil, fmt.Errorf("at byte %d, not aligned: %w", y.value, ErrDefinition)
	case size < legacyMinSize || size > room:
		return nil, fmt.Errorf("%d bytes, want %d or more and have room for %d: %w", size, legacyMinSize, room, ErrDefinition)
	}
	d := &Definition{Name: y.name, Section: s.name, Offset: y.value, Raw: s.data[y.value : y.value+size]}
	if err := d.readNumbers(in, l); err != nil {
		return nil, err
	}
	return d, d.annotate(in.types)
}

// readNumbers reads the bytes of a definition.
func (d *Definition) readNumbers(in *input, l layout) error {
	known := l.size()
	if len(d.Raw) < known && len(d.Raw)%4 != 0 {
		return fmt.Errorf("%d bytes end inside a number: %w", len(d.Raw), ErrDefinition)
	}
	n := readNumbers(in.file.order, d.Raw)
	d.Type, d.KeySize, d.ValueSize, d.MaxEntries, d.Flags = ebpf.MapType(n[0]), n[1], n[2], n[3], n[4]
	if d.Type == ebpf.UnspecifiedMap {
		return ErrTypeMissing
	}
	if len(d.Raw) > known {
		if err := d.readTail(known, l.takesZeros(), in.relax); err != nil {
			return err
		}
	}
	return l.read(d, n)
}

// numbers are those of a definition, in the order of its fields. What is not there is 0.
type numbers [iproute2Size / 4]uint32

func readNumbers(order byteOrder, raw []byte) numbers {
	var n numbers
	for i := range n {
		if len(raw) >= 4*(i+1) {
			n[i] = order.Uint32(raw[4*i:])
		}
	}
	return n
}

// readTail looks at what comes after the fields of a layout. It is from another loader, or another version, and nobody here knows what it
// would mean.
func (d *Definition) readTail(known int, takesZeros, relax bool) error {
	tail := d.Raw[known:]
	if takesZeros && zero(tail) {
		return nil
	}
	name := fmt.Sprintf("bytes %d-%d", known, len(d.Raw)-1)
	if !relax {
		return fmt.Errorf("%s: %w, or say with MapLayout which struct it is", name, ErrUnknownField)
	}
	d.Unknown = append(d.Unknown, Field{Name: name, Offset: uint32(known), Raw: tail})
	return nil
}

// legacyLayout is struct bpf_map_def, which libbpf 0.x, cilium/ebpf and aya read. A shorter one lacks flags, which are then 0. A longer one
// comes from another loader; its tail has to be zero (libbpf 0.x, bpf_object__init_user_maps).
type legacyLayout struct{}

func (legacyLayout) size() int        { return legacySize }
func (legacyLayout) takesZeros() bool { return true }

func (legacyLayout) read(d *Definition, _ numbers) error {
	d.Source = SourceLegacy
	return nil
}

func (legacyLayout) connect([]*Definition) error { return nil }

// annotate gives a legacy definition the types of its key and value, if BPF_ANNOTATE_KV_PAIR names them: a struct ____btf_map_NAME with the
// members key and value. An annotation that does not fit is no error for any loader that reads it (iproute2, libbpf 0.x): the map then goes
// without types.
func (d *Definition) annotate(t *types) error {
	if t == nil || t.annotated[d.Name] == 0 {
		return nil
	}
	id := t.annotated[d.Name]
	kv, err := t.at(id)
	if err != nil || kv.vlen < 2 {
		return err
	}
	key, err := t.member(&kv, 0)
	if err != nil {
		return err
	}
	value, err := t.member(&kv, 1)
	if err != nil {
		return err
	}
	if key.name == "key" && value.name == "value" && t.hasSize(key.typ, d.KeySize) && t.hasSize(value.typ, d.ValueSize) {
		d.Key, d.Value, d.BTFType = key.typ, value.typ, id
	}
	return nil
}

func (t *types) hasSize(id btf.TypeID, size uint32) bool {
	n, err := t.sizeOf(id)
	return err == nil && n == size
}
