// SPDX-License-Identifier: Apache-2.0

package typeinfo

import (
	"math/bits"
	"strings"
	"sync"

	"github.com/cilium/ebpf/btf"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/objfile"
)

// A lazy value is found when it is first asked for, and kept.
type lazy[T any] struct {
	once  sync.Once
	value T
}

func (l *lazy[T]) get(find func() T) T {
	l.once.Do(func() { l.value = find() })
	return l.value
}

// Order returns the byte order of the types.
func (t *Types) Order() objfile.ByteOrder { return t.order }

// A nameIndex finds types by the hashes of their names, without flavors: a table of open addresses.
// vmlinux has 100,000 types and more, so there is no map of strings.
type nameIndex struct {
	slots []nameSlot
	mask  uint32
}

type nameSlot struct {
	hash uint32
	id   uint32 // less that of the first type, plus one; 0 for no type
}

// A Name says what CO-RE looks for: a name without its flavor.
type Name struct {
	text string
	hash uint32
}

// NameOf returns the name of a type to look for.
func NameOf(name string) Name {
	name = WithoutFlavor(name)
	return Name{name, hashName(name)}
}

// hashName returns FNV-1a's hash of a name.
func hashName(name string) uint32 {
	h := uint32(2166136261)
	for i := range len(name) {
		h = (h ^ uint32(name[i])) * 16777619
	}
	return h ^ h>>15
}

// namedKinds has a bit for each kind of types that CO-RE finds by name.
const namedKinds = 1<<KindInt | 1<<KindStruct | 1<<KindUnion | 1<<KindEnum | 1<<KindFwd |
	1<<KindTypedef | 1<<KindFloat | 1<<KindEnum64

// kindAt returns the kind of the i-th type that is not the base's, and its name up to the end of
// all strings. The name is empty for a type that has none, or whose name lies outside.
func (t *Types) kindAt(i int) (Kind, string) {
	d := t.raw[t.offsets[i]:]
	k := Kind(t.order.Uint32(d[4:]) >> 24 & 0x1f)
	if namedKinds>>k&1 == 0 {
		return k, ""
	}
	off := t.order.Uint32(d)
	if off == 0 {
		return k, ""
	}
	return k, t.from(off)
}

// terminated returns what strings begin with up to its end, and nothing where that is too far.
func terminated(text string) string {
	i := strings.IndexByte(text[:min(len(text), objfile.MaxName)], 0)
	return text[:max(i, 0)]
}

// ownTypes returns the place of the first type in offsets that means something.
func (t *Types) ownTypes() int {
	if t.base == nil {
		return 1 // void is before it
	}
	return 0
}

// nameIndex makes the table.
func (t *Types) nameIndex() nameIndex {
	n := uint(len(t.offsets))
	x := nameIndex{slots: make([]nameSlot, 1<<bits.Len(n+n/4))}
	x.mask = uint32(len(x.slots) - 1)
	for i := t.ownTypes(); i < len(t.offsets); i++ {
		_, text := t.kindAt(i)
		name := WithoutFlavor(terminated(text))
		if name == "" {
			continue
		}
		hash := hashName(name)
		at := hash & x.mask
		for ; x.slots[at].id != 0; at = (at + 1) & x.mask {
		}
		x.slots[at] = nameSlot{hash, uint32(i) + 1}
	}
	return x
}

// Named returns the types of a name which are not the base's: those that CO-RE looks for. Flavors
// do not count, neither the name's nor theirs: see [WithoutFlavor].
func (t *Types) Named(name Name) []btf.TypeID {
	if name.text == "" {
		return nil
	}
	x := t.names.get(t.nameIndex)
	var found []btf.TypeID
	for at := name.hash & x.mask; x.slots[at].id != 0; at = (at + 1) & x.mask {
		if x.slots[at].hash != name.hash {
			continue
		}
		i := int(x.slots[at].id - 1)
		if _, text := t.kindAt(i); strings.HasPrefix(text, name.text) &&
			WithoutFlavor(terminated(text)) == name.text {
			found = append(found, t.firstID()+btf.TypeID(i))
		}
	}
	return found
}

// OfKind returns the types of that kind and exact name which are not the base's, by id.
func (t *Types) OfKind(kind Kind, name string) []btf.TypeID {
	var found []btf.TypeID
	first := t.firstID()
	for i := t.ownTypes(); i < len(t.offsets); i++ {
		d := t.raw[t.offsets[i]:]
		if Kind(t.order.Uint32(d[4:])>>24&0x1f) == kind && name != "" &&
			startsName(t.from(t.order.Uint32(d)), name) {
			found = append(found, first+btf.TypeID(i))
		}
	}
	return found
}
