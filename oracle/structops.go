// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"unsafe"

	"github.com/cilium/ebpf/btf"
	"golang.org/x/sys/unix"
)

// StructOpsFacts holds what the kernel keeps of a struct_ops map: the structure in it, and whether
// it is registered.
type StructOpsFacts struct {
	Map    uint32 // the map's id
	Name   string // the map's, at most 15 bytes
	Type   string // the kernel's structure: "tcp_congestion_ops"
	Module string // that the structure is of; "vmlinux" for the kernel itself
	Link   bool   // a link registers it (BPF_F_LINK), not the map

	// State is the kernel's word without BPF_STRUCT_OPS_STATE_: "INIT" before a structure is in
	// the map; "READY" where a link registers it, whether or not one does; else "INUSE" while it is
	// registered, and "TOBEFREE" from then on.
	State string

	// References counts who uses the structure, as the kernel tells it. It is an estimate from 6.3
	// on (b671c2067a04), and 0 in state INIT.
	References uint32

	Members []StructOpsMember // of the kernel's structure, in its order
}

// A StructOpsMember holds one member of a structure in the kernel.
type StructOpsMember struct {
	Name    string
	Program uint32 // id of the program that the kernel calls; 0 for none, and for a member of data
	Func    bool   // it points to a function
	Value   []byte // of a member of data; nil for a member that points to a function
	C       string // Value as C writes it in an initializer, such as "cubic" in quotes; else ""
}

// Member returns the member of that name.
func (f StructOpsFacts) Member(name string) (StructOpsMember, bool) {
	for _, m := range f.Members {
		if m.Name == name {
			return m, true
		}
	}
	return StructOpsMember{}, false
}

// Programs returns the ids of the programs that the kernel calls, by member.
func (f StructOpsFacts) Programs() map[string]uint32 {
	all := map[string]uint32{}
	for _, m := range f.Members {
		if m.Program != 0 {
			all[m.Name] = m.Program
		}
	}
	return all
}

// structOpsInfo mirrors struct bpf_map_info of include/uapi/linux/bpf.h, up to btf_vmlinux_id.
type structOpsInfo struct {
	typ, id, _, valueSize, _ uint32 // between them the sizes of key and map
	flags                    uint32
	name                     [16]byte
	_                        uint32 // ifindex
	valueTypeID              uint32 // in the BTF of the kernel or of a module
	_                        [2]uint64
	_                        [3]uint32
	btfID                    uint32 // 0 before 6.9, when all were in that of the kernel
}

// structOpsLink has the value of BPF_F_LINK.
const structOpsLink = 1 << 13

// ErrNotStructOps reports a map or a link of another type.
var ErrNotStructOps = errors.New("not of type struct_ops, but")

// StructOps asks the kernel about the struct_ops map of that id. The error wraps [ErrNoSuchObject]
// if it does not exist, [ErrNotStructOps] if it has another type, and [ErrCannotTell] on a kernel
// without BTF of itself.
func StructOps(id uint32) (StructOpsFacts, error) {
	f, err := open(KindMap, id)
	if err != nil {
		return StructOpsFacts{}, err
	}
	defer f.Close()
	var in structOpsInfo
	if err := info(f, &in); err != nil {
		return StructOpsFacts{}, err
	}
	if in.typ != unix.BPF_MAP_TYPE_STRUCT_OPS {
		return StructOpsFacts{}, fmt.Errorf("%s: %w: %s", f.Name(), ErrNotStructOps,
			mapTypeName(in.typ))
	}
	layout, err := layoutOf(in)
	if err != nil {
		return StructOpsFacts{}, fmt.Errorf("structure of %s: %w", f.Name(), err)
	}
	value, err := lookupStructure(f, in.valueSize)
	if err != nil {
		return StructOpsFacts{}, err
	}
	return layout.facts(in, value), nil
}

// lookupStructure returns what is in the map: the kernel puts the ids of programs in the place of
// functions.
func lookupStructure(f *os.File, size uint32) ([]byte, error) {
	value := make([]byte, size)
	var key uint32
	var pinned runtime.Pinner
	defer pinned.Unpin()
	pinned.Pin(&key)
	pinned.Pin(unsafe.SliceData(value))
	attr := struct {
		fd, _             uint32
		key, value, flags uint64
	}{
		fd: uint32(f.Fd()), key: uint64(uintptr(unsafe.Pointer(&key))),
		value: uint64(uintptr(unsafe.Pointer(unsafe.SliceData(value)))),
	}
	err := bpf(unix.BPF_MAP_LOOKUP_ELEM, unsafe.Pointer(&attr), unsafe.Sizeof(attr))
	if err != nil {
		return nil, fmt.Errorf("look into %s: %w", f.Name(), err)
	}
	return value, nil
}

// A structOpsLayout says what the value of a struct_ops map looks like. The kernel has a structure
// for it that embeds its own as member data: bpf_struct_ops_NAME.
type structOpsLayout struct {
	module     string
	structure  *btf.Struct // the kernel's own
	data       uint32      // where it is in the value, bytes
	references uint32      // bytes
	state      uint32      // bytes
	states     map[uint32]string
}

// layoutOf returns the layout of a map's value.
func layoutOf(in structOpsInfo) (structOpsLayout, error) {
	module, types, err := kernelTypes(in.btfID)
	if err != nil {
		return structOpsLayout{}, err
	}
	typ, err := types.TypeByID(btf.TypeID(in.valueTypeID))
	if err != nil {
		return structOpsLayout{}, fmt.Errorf("type %d of %s: %w", in.valueTypeID, module, err)
	}
	value, ok := typ.(*btf.Struct)
	if !ok || value.Size != in.valueSize {
		return structOpsLayout{}, fmt.Errorf("type %d of %s is %s, no structure of %d bytes",
			in.valueTypeID, module, cName(typ), in.valueSize)
	}
	layout, ok := layoutIn(value)
	if !ok {
		return structOpsLayout{}, fmt.Errorf("struct %s is no value of struct_ops", value.Name)
	}
	layout.module = module
	return layout, nil
}

// layoutIn reads the layout from the kernel's structure of a value. Its first members are refcnt
// and state; from 6.9 on they are in a structure of their own (612d087d4ba5).
func layoutIn(value *btf.Struct) (layout structOpsLayout, ok bool) {
	var hasReferences, hasState bool
	var visit func(members []btf.Member, at uint32)
	visit = func(members []btf.Member, at uint32) {
		for _, m := range members {
			offset := at + m.Offset.Bytes()
			switch t := btf.UnderlyingType(m.Type).(type) {
			case *btf.Struct:
				switch m.Name {
				case "data":
					layout.structure, layout.data = t, offset
				case "common":
					visit(t.Members, offset)
				case "refcnt":
					layout.references, hasReferences = offset, true
				}
			case *btf.Enum:
				if m.Name == "state" {
					layout.state, layout.states, hasState = offset, stateNames(t), true
				}
			}
		}
	}
	visit(value.Members, 0)
	return layout, layout.structure != nil && hasReferences && hasState &&
		value.Name == structOpsPrefix+layout.structure.Name
}

// structOpsPrefix begins the names of the kernel's structures for values of struct_ops.
const structOpsPrefix = "bpf_struct_ops_"

func stateNames(enum *btf.Enum) map[uint32]string {
	names := make(map[uint32]string, len(enum.Values))
	for _, v := range enum.Values {
		names[uint32(v.Value)] = strings.TrimPrefix(v.Name, "BPF_STRUCT_OPS_STATE_")
	}
	return names
}

// facts returns what a value says.
func (l structOpsLayout) facts(in structOpsInfo, value []byte) StructOpsFacts {
	word := func(at uint32) uint32 { return binary.NativeEndian.Uint32(value[at:]) }
	facts := StructOpsFacts{
		Map: in.id, Name: unix.ByteSliceToString(in.name[:]), Type: l.structure.Name,
		Module: l.module, Link: in.flags&structOpsLink != 0,
		State: l.states[word(l.state)], References: word(l.references),
	}
	if facts.State == "" {
		facts.State = fmt.Sprintf("state %d", word(l.state))
	}
	for _, m := range l.structure.Members {
		at := l.data + m.Offset.Bytes()
		if isFunction(m.Type) {
			facts.Members = append(facts.Members, StructOpsMember{
				Name: m.Name, Func: true, Program: uint32(binary.NativeEndian.Uint64(value[at:])),
			})
			continue
		}
		size, err := btf.Sizeof(m.Type)
		if err != nil || uint64(at)+uint64(size) > uint64(len(value)) {
			continue // BTF that the kernel itself does not take
		}
		facts.Members = append(facts.Members,
			StructOpsMember{
				Name: m.Name, Value: value[at : int(at)+size : int(at)+size],
				C: cMember(m, value[l.data:]),
			})
	}
	return facts
}

// isFunction reports whether a member points to a function.
func isFunction(t btf.Type) bool {
	pointer, ok := btf.UnderlyingType(t).(*btf.Pointer)
	if !ok {
		return false
	}
	_, ok = btf.UnderlyingType(pointer.Target).(*btf.FuncProto)
	return ok
}

// kernelTypes returns the BTF of that id and the name of its module; of id 0 that of the kernel.
func kernelTypes(id uint32) (module string, types *btf.Spec, err error) {
	base, err := kernelBTF()
	if err != nil {
		return "", nil, fmt.Errorf("read BTF of the kernel: %w: %w", ErrCannotTell, err)
	}
	if id == 0 {
		return vmlinux, base, nil
	}
	handle, err := btf.NewHandleFromID(btf.ID(id))
	if err != nil {
		return "", nil, fmt.Errorf("open btf %d: %w", id, err)
	}
	defer handle.Close()
	about, err := handle.Info()
	if err != nil {
		return "", nil, fmt.Errorf("info of btf %d: %w", id, err)
	}
	if about.Name == vmlinux {
		return vmlinux, base, nil
	}
	if types, err = handle.Spec(base); err != nil {
		return "", nil, fmt.Errorf("read BTF of module %s: %w", about.Name, err)
	}
	return about.Name, types, nil
}

// vmlinux names the kernel itself among what has BTF.
const vmlinux = "vmlinux"
