// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"fmt"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"
	"golang.org/x/sys/unix"
)

// readOnlyForPrograms has the value of BPF_F_RDONLY_PROG.
const readOnlyForPrograms = 1 << 7

// A Variable holds one variable of global data, as the kernel has it.
type Variable struct {
	Name  string   // in the object, in full
	Type  btf.Type // of the variable, with its qualifiers
	Value []byte   // in the host's byte order, as many bytes as the type has

	Map      uint32 // id of the map
	MapName  string // at most 15 bytes
	Section  string // of the object, as BTF names it: ".rodata"
	ReadOnly bool   // programs may not write to it (BPF_F_RDONLY_PROG)
}

// String returns the variable with its value in C: `bpf_metadata_owner = "networking"`.
func (v Variable) String() string { return v.Name + " = " + cValue(v.Type, v.Value) }

// Variables returns the variables of all global data that the program of that id holds, in the
// order of the program's maps: see [VariablesIn]. The error wraps [ErrNoSuchObject] if the program
// does not exist.
func Variables(program uint32) ([]Variable, error) {
	facts, err := Program(program)
	if err != nil {
		return nil, err
	}
	var all []Variable
	for _, id := range facts.Maps {
		in, err := VariablesIn(id)
		if err != nil {
			return nil, fmt.Errorf("program %d: %w", program, err)
		}
		all = append(all, in...)
	}
	return all, nil
}

// VariablesIn returns the variables in the map of that id, in the order of their offsets: none
// unless it is an array of one element whose BTF type is a list of variables. The error wraps
// [ErrNoSuchObject] if the map does not exist.
func VariablesIn(id uint32) ([]Variable, error) {
	all, err := variablesIn(id)
	if err != nil {
		return nil, fmt.Errorf("variables of map %d: %w", id, err)
	}
	return all, nil
}

func variablesIn(id uint32) ([]Variable, error) {
	f, err := open(KindMap, id)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var in bpfMapInfo
	if err := info(f, &in); err != nil {
		return nil, err
	}
	if in.typ != uint32(ebpf.Array) || in.maxEntries != 1 || in.keySize != 4 || in.btfID == 0 || in.btfValueTypeID == 0 {
		return nil, nil
	}
	handle, err := btf.NewHandleFromID(btf.ID(in.btfID))
	if err != nil {
		return nil, fmt.Errorf("open btf %d: %w", in.btfID, err)
	}
	defer handle.Close()
	spec, err := handle.Spec(nil)
	if err != nil {
		return nil, fmt.Errorf("read btf %d: %w", in.btfID, err)
	}
	t, err := spec.TypeByID(btf.TypeID(in.btfValueTypeID))
	if err != nil {
		return nil, fmt.Errorf("type of its value: %w", err)
	}
	list, is := t.(*btf.Datasec)
	if !is {
		return nil, nil
	}
	value, err := Lookup(id, make([]byte, in.keySize))
	if err != nil {
		return nil, err
	}
	var all []Variable
	for _, entry := range list.Vars {
		variable, is := entry.Type.(*btf.Var)
		if !is || uint64(entry.Offset)+uint64(entry.Size) > uint64(len(value)) {
			return nil, fmt.Errorf("%s: an entry at %d of %d bytes is no variable in %d bytes",
				list.Name, entry.Offset, entry.Size, len(value))
		}
		all = append(all, Variable{
			Name: variable.Name, Type: variable.Type,
			Value: value[entry.Offset : entry.Offset+entry.Size],
			Map:   id, MapName: unix.ByteSliceToString(in.name[:]), Section: list.Name,
			ReadOnly: in.flags&readOnlyForPrograms != 0,
		})
	}
	return all, nil
}
