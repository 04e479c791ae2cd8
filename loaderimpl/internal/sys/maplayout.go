// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
)

// mapLayout holds where the running kernel's struct bpf_map has what is read of it, in bytes.
type mapLayout struct {
	node, inner                                    int16
	mapType, keySize, valueSize, maxEntries, flags int16
}

// kernelTypes is the file with the running kernel's types.
const kernelTypes = "/sys/kernel/btf/vmlinux"

// readMapLayout finds struct bpf_map among the kernel's types.
func readMapLayout() (mapLayout, error) {
	blob, err := os.ReadFile(kernelTypes)
	if err != nil {
		return mapLayout{}, fmt.Errorf("the kernel's types: %w", err)
	}
	l, err := findMapLayout(blob)
	if err != nil {
		return mapLayout{}, fmt.Errorf("%s: %w", kernelTypes, err)
	}
	return l, nil
}

// errTypes reports types that cannot be read here.
var errTypes = errors.New("types of a form that is not known")

// findMapLayout finds struct bpf_map in BTF. The kernel has a hundred thousand types and one of
// them is wanted, so they are stepped over, not read: whoever parses them all takes seconds on an
// emulated CPU.
func findMapLayout(blob []byte) (l mapLayout, err error) {
	t, err := stepTypes(blob)
	if err != nil {
		return mapLayout{}, err
	}
	at, err := t.structNamed("bpf_map")
	if err != nil {
		return mapLayout{}, err
	}
	for name, field := range map[string]*int16{
		"numa_node": &l.node, "inner_map_meta": &l.inner, "map_type": &l.mapType,
		"key_size": &l.keySize, "value_size": &l.valueSize, "max_entries": &l.maxEntries,
		"map_flags": &l.flags,
	} {
		off, found := t.memberOffset(at, t.nameOffset(name), 0)
		if !found {
			return mapLayout{}, fmt.Errorf("struct bpf_map has no %s: %w", name, errTypes)
		}
		*field = int16(off)
	}
	return l, nil
}

// Kinds of BTF's types that are looked at, and sizes in bytes (Documentation/bpf/btf.rst).
const (
	kindStruct = 4
	kindUnion  = 5

	btfMagic  = 0xeb9f
	btfHeader = 24
	btfType   = 12
	btfMember = 12
)

// fixedTail and perItem hold, by kind, the bytes after the twelve that all types have: in all, and
// for each member, value, parameter or variable.
var (
	fixedTail = [...]int{1: 4, 3: 12, 14: 4, 17: 4, 19: 0}
	perItem   = [...]int{4: 12, 5: 12, 6: 8, 13: 8, 15: 12, 19: 12}
)

// steppedTypes holds BTF of which only the offsets of types were taken.
type steppedTypes struct {
	types, strings []byte
	offsets        []uint32 // in types, by id; that of void, id 0, means nothing
}

// stepTypes finds where each type begins.
func stepTypes(blob []byte) (*steppedTypes, error) {
	order := binary.NativeEndian
	if len(blob) < btfHeader || order.Uint16(blob) != btfMagic {
		return nil, fmt.Errorf("no header: %w", errTypes)
	}
	header := uint64(order.Uint32(blob[4:]))
	part := func(at int) []byte {
		from := header + uint64(order.Uint32(blob[at:]))
		to := from + uint64(order.Uint32(blob[at+4:]))
		if to > uint64(len(blob)) {
			return nil
		}
		return blob[from:to]
	}
	t := &steppedTypes{types: part(8), strings: part(16)}
	if t.types == nil || len(t.strings) == 0 || t.strings[len(t.strings)-1] != 0 {
		return nil, fmt.Errorf("types or strings lie outside: %w", errTypes)
	}
	t.offsets = make([]uint32, 1, 1+len(t.types)/(2*btfType))
	for at := 0; at < len(t.types); {
		if len(t.types)-at < btfType {
			return nil, fmt.Errorf("type %d is cut: %w", len(t.offsets), errTypes)
		}
		t.offsets = append(t.offsets, uint32(at))
		kind, items := kindOf(t.types[at:])
		if kind == 0 || kind >= len(fixedTail) {
			return nil, fmt.Errorf("type %d is of kind %d: %w", len(t.offsets)-1, kind, errTypes)
		}
		at += btfType + fixedTail[kind] + perItem[kind]*items
		if at > len(t.types) {
			return nil, fmt.Errorf("type %d is cut: %w", len(t.offsets)-1, errTypes)
		}
	}
	return t, nil
}

// kindOf returns the kind of a type and how many items it has.
func kindOf(record []byte) (kind, items int) {
	info := binary.NativeEndian.Uint32(record[4:])
	return int(info >> 24 & 0x1f), int(info & 0xffff)
}

// nameOffset returns where a name is in the strings. It returns 0, which is that of no name, where
// the strings do not have it. Linkers write each name once.
func (t *steppedTypes) nameOffset(name string) uint32 {
	return uint32(bytes.Index(t.strings, []byte("\x00"+name+"\x00")) + 1)
}

// structNamed returns the offset of the struct of that name.
func (t *steppedTypes) structNamed(name string) (uint32, error) {
	if want := t.nameOffset(name); want != 0 {
		for _, at := range t.offsets[1:] {
			kind, _ := kindOf(t.types[at:])
			if kind == kindStruct && binary.NativeEndian.Uint32(t.types[at:]) == want {
				return at, nil
			}
		}
	}
	return 0, fmt.Errorf("no struct %s: %w", name, errTypes)
}

// memberOffset returns where a struct has a member, in bytes. The member may be in a struct or
// union without a name, of which C lets no more than a few lie in each other.
func (t *steppedTypes) memberOffset(at, name uint32, depth int) (uint32, bool) {
	const deepest, largest = 4, 1 << 15
	kind, members := kindOf(t.types[at:])
	if name == 0 || depth > deepest || kind != kindStruct && kind != kindUnion {
		return 0, false
	}
	order := binary.NativeEndian
	bitfields := order.Uint32(t.types[at+4:])>>31 != 0
	for i := range members {
		m := t.types[int(at)+btfType+i*btfMember:]
		off, width := order.Uint32(m[8:]), uint32(0)
		if bitfields {
			off, width = off&0xffffff, off>>24
		}
		if off /= 8; off >= largest || width != 0 {
			continue
		}
		if order.Uint32(m) == name {
			return off, true
		}
		inside := order.Uint32(m[4:])
		if order.Uint32(m) != 0 || inside == 0 || inside >= uint32(len(t.offsets)) {
			continue
		}
		if below, found := t.memberOffset(t.offsets[inside], name, depth+1); found {
			return off + below, off+below < largest
		}
	}
	return 0, false
}
