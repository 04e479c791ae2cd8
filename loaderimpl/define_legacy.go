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

// legacySection is where maps are defined by a struct bpf_map_def each.
const legacySection = "maps"

// Sizes of struct bpf_map_def { __u32 type, key_size, value_size, max_entries, map_flags; }, in bytes.
const (
	legacySize    = 20
	legacyMinSize = 16 // without map_flags, which came later
)

// legacyParser reads maps that are defined by their bytes. There may be several in a section, not all of one size, with padding in between;
// each is where its symbol says. A shorter struct lacks flags, which are then 0. A longer one comes from another loader; its tail has to be
// zero, as nobody here knows what it would mean (libbpf 0.x, bpf_object__init_user_maps).
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
	defs := make([]*Definition, 0, len(symbols))
	end := uint64(0)
	for i, y := range symbols {
		next := s.size
		if i+1 < len(symbols) {
			next = symbols[i+1].value
		}
		d, err := defineLegacy(in, s, y, next)
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
	return defs, nil
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

// defineLegacy reads the definition at a symbol. It ends where the symbol says, or at the next.
func defineLegacy(in *input, s *section, y *symbol, next uint64) (*Definition, error) {
	size := y.size
	if size == 0 {
		size = next - y.value
	}
	switch {
	case y.name == "":
		return nil, fmt.Errorf("definition at byte %d has no name: %w", y.value, ErrDefinition)
	case y.bind == elf.STB_LOCAL:
		return nil, ErrStatic
	case y.value%4 != 0:
		return nil, fmt.Errorf("at byte %d, not aligned: %w", y.value, ErrDefinition)
	case size < legacyMinSize || size > next-y.value:
		return nil, fmt.Errorf("%d bytes, want %d and have room for %d: %w", size, legacySize, next-y.value, ErrDefinition)
	}
	raw := s.data[y.value : y.value+size]
	var words [legacySize / 4]uint32
	for i := range words {
		if len(raw) >= 4*(i+1) {
			words[i] = in.file.order.Uint32(raw[4*i:])
		}
	}
	d := &Definition{
		Name: y.name, Section: s.name, Offset: y.value, Source: SourceLegacy, Raw: raw,
		Type: ebpf.MapType(words[0]), KeySize: words[1], ValueSize: words[2], MaxEntries: words[3], Flags: words[4],
	}
	if d.Type == ebpf.UnspecifiedMap {
		return nil, ErrTypeMissing
	}
	if err := d.legacyTail(in.relax); err != nil {
		return nil, err
	}
	return d, d.annotate(in.types)
}

// legacyTail looks at what comes after the struct.
func (d *Definition) legacyTail(relax bool) error {
	if len(d.Raw) <= legacySize || zero(d.Raw[legacySize:]) {
		return nil
	}
	name := fmt.Sprintf("bytes %d-%d", legacySize, len(d.Raw)-1)
	if !relax {
		return fmt.Errorf("%s are not zero: %w", name, ErrUnknownField)
	}
	d.Unknown = append(d.Unknown, Field{Name: name, Offset: legacySize, Raw: d.Raw[legacySize:]})
	return nil
}

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
