// SPDX-License-Identifier: Apache-2.0

package structops

import (
	"fmt"

	"github.com/cilium/ebpf/btf"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/typeinfo"
)

// A Kernel describes a structure as the running kernel has it.
type Kernel struct {
	types *typeinfo.Types // that it is of
	name  string

	ValueID btf.TypeID // of struct bpf_struct_ops_NAME: what a map holds
	Size    uint32     // of that, bytes
	ID      btf.TypeID // of struct NAME, a member of it

	at      uint32 // of the struct in the value, bytes
	members []typeinfo.Member
}

// Prefix starts the names of the types that maps of structures hold (the kernel's
// STRUCT_OPS_VALUE_PREFIX). A structure that has none is not for BPF to fill.
const Prefix = "bpf_struct_ops_"

// Find looks a structure up in vmlinux's types, or in those of a module. It returns nil if the
// kernel calls no structure of that name there.
func Find(types *typeinfo.Types, name string) (*Kernel, error) {
	k := &Kernel{types: types, name: name}
	switch values := types.Structs(Prefix + name); len(values) {
	case 0:
		return nil, nil
	case 1:
		k.ValueID = values[0]
	default:
		return nil, fmt.Errorf("the kernel has several struct %s%s: %w", Prefix, name,
			refuse.ErrStructUnknown)
	}
	value, err := types.Type(k.ValueID)
	if err != nil {
		return nil, err
	}
	k.Size = value.Size
	for i := range value.Vlen {
		m, err := types.Member(&value, i)
		if err != nil {
			return nil, err
		}
		id, r, err := types.Plain(m.Type)
		if err != nil {
			return nil, err
		}
		if r.Kind == typeinfo.KindStruct && r.Name == name {
			k.ID, k.at = id, m.Offset/8
			return k, k.readMembers(&r)
		}
	}
	return nil, fmt.Errorf("struct %s%s of the kernel has no member of struct %s: %w", Prefix, name,
		name, refuse.ErrStructUnknown)
}

// readMembers lists the members of the kernel's struct.
func (k *Kernel) readMembers(r *typeinfo.Record) error {
	if uint64(k.at)+uint64(r.Size) > uint64(k.Size) {
		return fmt.Errorf("struct %s of %d bytes at %d of %d: %w", k.name, r.Size, k.at, k.Size,
			refuse.ErrBTF)
	}
	for i := range r.Vlen {
		m, err := k.types.Member(r, i)
		if err != nil {
			return err
		}
		if m.Width == 0 {
			size, err := k.types.SizeOf(m.Type)
			if err != nil {
				return fmt.Errorf("member %s of the kernel's struct %s: %w", m.Name, k.name, err)
			}
			if uint64(m.Offset)/8+uint64(size) > uint64(r.Size) {
				return fmt.Errorf("member %s of the kernel's struct %s lies outside: %w", m.Name,
					k.name, refuse.ErrBTF)
			}
		}
		k.members = append(k.members, m)
	}
	return nil
}
