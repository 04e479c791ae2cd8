// SPDX-License-Identifier: Apache-2.0

package structops

import (
	"errors"
	"fmt"

	"github.com/cilium/ebpf/btf"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
)

// A Kernel describes a structure as the running kernel has it.
type Kernel struct {
	Value   *btf.Struct // struct bpf_struct_ops_NAME: what a map holds
	ValueID btf.TypeID
	Struct  *btf.Struct // struct NAME, a member of Value
	ID      btf.TypeID
	At      uint32 // of Struct in Value, bytes
}

// Prefix starts the names of the types that maps of structures hold (the kernel's
// STRUCT_OPS_VALUE_PREFIX). A structure that has none is not for BPF to fill.
const Prefix = "bpf_struct_ops_"

// Find looks a structure up in vmlinux's types, or in those of a module. The error wraps
// [btf.ErrNotFound] if the kernel calls no structure of that name there.
func Find(types *btf.Spec, name string) (*Kernel, error) {
	value, err := structNamed(types, Prefix+name)
	if err != nil {
		return nil, err
	}
	k := &Kernel{Value: value}
	if k.ValueID, err = types.TypeID(value); err != nil {
		return nil, fmt.Errorf("struct %s: %w", value.Name, err)
	}
	for _, m := range value.Members {
		if s, ok := btf.UnderlyingType(m.Type).(*btf.Struct); ok && s.Name == name {
			k.Struct, k.At = s, m.Offset.Bytes()
		}
	}
	if k.Struct == nil {
		return nil, fmt.Errorf("struct %s of the kernel has no member of struct %s: %w",
			value.Name, name, refuse.ErrStructUnknown)
	}
	if k.ID, err = types.TypeID(k.Struct); err != nil {
		return nil, fmt.Errorf("struct %s: %w", name, err)
	}
	return k, nil
}

// structNamed returns the struct of that name.
func structNamed(types *btf.Spec, name string) (*btf.Struct, error) {
	found, err := types.AnyTypesByName(name)
	if err != nil {
		return nil, err
	}
	var match *btf.Struct
	for _, t := range found {
		s, ok := t.(*btf.Struct)
		switch {
		case !ok:
		case match != nil:
			return nil, fmt.Errorf("the kernel has several struct %s: %w", name,
				errors.Join(refuse.ErrStructUnknown, btf.ErrMultipleMatches))
		default:
			match = s
		}
	}
	if match == nil {
		return nil, btf.ErrNotFound
	}
	return match, nil
}
