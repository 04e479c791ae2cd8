// SPDX-License-Identifier: Apache-2.0

package iproute2

import (
	"encoding/binary"

	"github.com/loadstone-bpf/loadstone/drivers/command"
)

// An elfMap holds what struct bpf_elf_map says of maps in maps (include/bpf_elf.h).
type elfMap struct{ id, innerID, innerIdx uint32 }

// elfMaps holds an object's definitions, by name. The loader of iproute2's own gives maps no name
// in the kernel, so that one which is in a slot of another can be told by that alone.
type elfMaps map[string]elfMap

// elfMapsOf reads definitions of the full length, of 9 numbers in host byte order: others are in no
// slots.
func elfMapsOf(o *command.Object) elfMaps {
	const size, id, innerID, innerIdx = 36, 20, 28, 32 // bytes
	all := elfMaps{}
	for _, m := range o.Maps {
		if len(m.Definition) == size {
			number := func(offset int) uint32 { return binary.NativeEndian.Uint32(m.Definition[offset:]) }
			all[m.Name] = elfMap{number(id), number(innerID), number(innerIdx)}
		}
	}
	return all
}

// inSlot returns the one map that belongs in a slot of outer (bpf_maps_attach_all,
// lib/bpf_legacy.c).
func (all elfMaps) inSlot(outer string, key uint32) (name string, ok bool) {
	for inner, m := range all {
		if m.id == 0 || m.innerID != 0 || m.id != all[outer].innerID || m.innerIdx != key {
			continue
		}
		if ok {
			return "", false
		}
		name, ok = inner, true
	}
	return name, ok
}
