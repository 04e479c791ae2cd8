// SPDX-License-Identifier: Apache-2.0

package typeinfo

import (
	"fmt"
	"strings"

	"github.com/cilium/ebpf/btf"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/objfile"
)

// ParseKernel indexes the types of this machine's kernel, or those of a module, which go on from
// vmlinux's: base. A kernel has 100,000 types and more, and one or two are needed: nothing but
// where they start is read.
func ParseKernel(raw []byte, base *Types) (*Types, error) {
	t, err := parse(raw, objfile.NativeOrder(), base)
	if err != nil {
		return nil, err
	}
	const usual = 32 // bytes of a type
	t.offsets = make([]uint32, 0, len(t.raw)/usual)
	if base == nil {
		t.offsets = append(t.offsets, 0) // void
	}
	for off := 0; off < len(t.raw); {
		t.offsets = append(t.offsets, uint32(off))
		size, err := t.recordSize(off)
		if err != nil {
			return nil, fmt.Errorf("the type at byte %d: %w", off, err)
		}
		off += size
	}
	return t, nil
}

// firstID returns the id of the first type that is not the base's.
func (t *Types) firstID() btf.TypeID {
	if t.base == nil {
		return 0
	}
	return t.base.firstID() + btf.TypeID(len(t.base.offsets))
}

// firstString returns the offset of the first string that is not the base's.
func (t *Types) firstString() uint32 {
	if t.base == nil {
		return 0
	}
	return t.base.firstString() + uint32(len(t.base.strings))
}

// Structs returns the structs of that name which are not the base's.
func (t *Types) Structs(name string) []btf.TypeID {
	// A name may be the end of a longer one, which linkers make use of.
	named := make(map[uint32]bool)
	for in := t; in != nil; in = in.base {
		in.findName(named, name, in.firstString())
	}
	var found []btf.TypeID
	first := t.firstID()
	for i, off := range t.offsets {
		if i == 0 && t.base == nil {
			continue
		}
		d := t.raw[off:]
		if Kind(t.order.Uint32(d[4:])>>24&0x1f) == KindStruct && named[t.order.Uint32(d)] {
			found = append(found, first+btf.TypeID(i))
		}
	}
	return found
}

// findName adds the places of a name to a set; start is that of the strings' first byte.
func (t *Types) findName(named map[uint32]bool, name string, start uint32) {
	for at := 0; ; {
		i := strings.Index(t.strings[at:], name+"\x00")
		if i < 0 {
			return
		}
		named[start+uint32(at+i)] = true
		at += i + 1
	}
}

// A Wanted asks for a function or variable by name.
type Wanted struct {
	Name     string
	Function bool
}

// Find looks for functions and variables among the types which are not the base's. It returns the
// first type for each of wanted, in that order, 0 where there is none.
func (t *Types) Find(wanted []Wanted) []btf.TypeID {
	found := make([]btf.TypeID, len(wanted))
	var byFirst [256][]int // what is wanted, by the first byte of its name
	for i, w := range wanted {
		if w.Name != "" {
			byFirst[w.Name[0]] = append(byFirst[w.Name[0]], i)
		}
	}
	first := t.firstID()
	for i, off := range t.offsets {
		if i == 0 && t.base == nil {
			continue
		}
		d := t.raw[off:]
		k := Kind(t.order.Uint32(d[4:]) >> 24 & 0x1f)
		if k != KindFunc && k != KindVar {
			continue
		}
		name := t.from(t.order.Uint32(d))
		if name == "" {
			continue
		}
		for _, n := range byFirst[name[0]] {
			w := &wanted[n]
			if found[n] == 0 && w.Function == (k == KindFunc) && startsName(name, w.Name) {
				found[n] = first + btf.TypeID(i)
			}
		}
	}
	return found
}

// from returns the strings from a place on, "" for a place outside of them.
func (t *Types) from(at uint32) string {
	if t.base != nil {
		own := t.firstString()
		if at < own {
			return t.base.from(at)
		}
		at -= own
	}
	if uint64(at) >= uint64(len(t.strings)) {
		return ""
	}
	return t.strings[at:]
}

// startsName reports whether strings begin with a name and its end.
func startsName(strings, name string) bool {
	return len(strings) > len(name) && strings[:len(name)] == name && strings[len(name)] == 0
}
