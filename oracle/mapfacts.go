// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// MapFacts holds what the kernel keeps of a map that its definition decides. Two maps of the same
// definition have equal facts: ids, memory and the numbers of BTF types are not in it. Compare with
// ==.
type MapFacts struct {
	Name       string // at most 15 bytes: the kernel keeps no more
	Type       string // the kernel's name without BPF_MAP_TYPE_, lower case: "lru_hash"
	KeySize    uint32 // bytes
	ValueSize  uint32 // bytes
	MaxEntries uint32
	Flags      uint32 // BPF_F_*
	Extra      uint64 // map_extra; 0 before 5.16
	Ifindex    uint32 // of the device it is offloaded to
	Frozen     bool   // user space may not write to it
	Key, Value string // the BTF types, written out as in C; "" where the map has none
}

// bpfMapInfo mirrors struct bpf_map_info of include/uapi/linux/bpf.h, up to map_extra. The fields
// that the oracle asks for have names.
type bpfMapInfo struct {
	typ                            uint32
	_                              uint32 // id
	keySize, valueSize, maxEntries uint32
	flags                          uint32
	name                           [16]byte
	ifindex                        uint32
	_                              uint32    // btf_vmlinux_value_type_id
	_                              [2]uint64 // netns_dev, netns_ino
	btfID, btfKeyTypeID            uint32
	btfValueTypeID                 uint32
	_                              uint32 // btf_vmlinux_id
	extra                          uint64
}

// Map asks the kernel about the map of that id. The error wraps [ErrNoSuchObject] if it does not
// exist.
func Map(id uint32) (MapFacts, error) {
	f, err := open(KindMap, id)
	if err != nil {
		return MapFacts{}, err
	}
	defer f.Close()
	var in bpfMapInfo
	if err := info(f, &in); err != nil {
		return MapFacts{}, err
	}
	facts := MapFacts{
		Name: unix.ByteSliceToString(in.name[:]), Type: mapTypeName(in.typ),
		KeySize: in.keySize, ValueSize: in.valueSize, MaxEntries: in.maxEntries,
		Flags: in.flags, Extra: in.extra, Ifindex: in.ifindex,
	}
	if facts.Frozen, err = frozen(f); err != nil {
		return MapFacts{}, err
	}
	if facts.Key, facts.Value, err = keyAndValue(in); err != nil {
		return MapFacts{}, fmt.Errorf("map %d: %w", id, err)
	}
	return facts, nil
}

// WithoutBTF returns the facts without the BTF types of key and value, for comparing with a
// definition that cannot name them.
func (m MapFacts) WithoutBTF() MapFacts {
	m.Key, m.Value = "", ""
	return m
}

// frozen reads from fdinfo what the info does not say.
func frozen(f *os.File) (bool, error) {
	fdinfo, err := os.Open(fmt.Sprintf("/proc/self/fdinfo/%d", f.Fd()))
	if err != nil {
		return false, fmt.Errorf("is %s frozen: %w", f.Name(), err)
	}
	defer fdinfo.Close()
	lines := bufio.NewScanner(fdinfo)
	for lines.Scan() {
		if value, ok := strings.CutPrefix(lines.Text(), "frozen:"); ok {
			return strings.TrimSpace(value) == "1", nil
		}
	}
	if err := lines.Err(); err != nil {
		return false, fmt.Errorf("is %s frozen: %w", f.Name(), err)
	}
	return false, nil // before 5.2 no map could be
}

// String returns the facts as a table, a line each.
func (m MapFacts) String() string {
	var b strings.Builder
	for _, row := range m.rows() {
		fmt.Fprintf(&b, "%-11s  %s\n", row.name, row.value)
	}
	return b.String()
}

// Difference returns a table of the facts in which m and other differ, a line each, or "" where
// they are equal.
func (m MapFacts) Difference(other MapFacts) string {
	var b strings.Builder
	theirs := other.rows()
	for i, row := range m.rows() {
		if row.value != theirs[i].value {
			fmt.Fprintf(&b, "%-11s  %s, not %s\n", row.name, row.value, theirs[i].value)
		}
	}
	return b.String()
}

type row struct{ name, value string }

func (m MapFacts) rows() []row {
	return []row{
		{"name", strconv.Quote(m.Name)},
		{"type", m.Type},
		{"key_size", decimal(m.KeySize)},
		{"value_size", decimal(m.ValueSize)},
		{"max_entries", decimal(m.MaxEntries)},
		{"map_flags", mapFlagNames(m.Flags)},
		{"map_extra", "0x" + strconv.FormatUint(m.Extra, 16)},
		{"ifindex", decimal(m.Ifindex)},
		{"frozen", strconv.FormatBool(m.Frozen)},
		{"key", orNone(m.Key)},
		{"value", orNone(m.Value)},
	}
}

func decimal(n uint32) string { return strconv.FormatUint(uint64(n), 10) }

func orNone(btfType string) string {
	if btfType == "" {
		return "no BTF"
	}
	return btfType
}
