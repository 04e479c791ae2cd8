// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"errors"
	"fmt"
	"os"
	"unsafe"

	"github.com/cilium/ebpf/btf"
	"golang.org/x/sys/unix"
)

// HasStructOps reports whether this kernel, or a module that is loaded, makes struct_ops maps for
// the structure of that name. It makes one and lets it go.
func HasStructOps(name string) (bool, error) {
	return makesStructOps(name, 0)
}

// HasStructOpsLink reports whether links register structures of the kernel's: from 6.4 on
// (68b04864ca42). It makes a map for one, and lets it go.
func HasStructOpsLink() (bool, error) {
	all, err := StructOpsTypes()
	if errors.Is(err, ErrCannotTell) || err == nil && len(all) == 0 {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return makesStructOps(all[0].Name, structOpsLink)
}

// makesStructOps reports whether the kernel makes a map for a structure with flags.
func makesStructOps(name string, flags uint32) (bool, error) {
	value, err := findStructOps(name)
	if errors.Is(err, ErrCannotTell) || errors.Is(err, btf.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("probe for struct_ops %s: %w", name, err)
	}
	if value.module != nil {
		defer value.module.Close()
	}
	f, err := value.create(flags)
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOTSUP) || errors.Is(err, enotsupp) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("probe for struct_ops %s: %w", name, err)
	}
	return true, f.Close()
}

// enotsupp is ENOTSUPP of include/linux/errno.h, which is in no header of user space.
const enotsupp = unix.Errno(524)

// A structOpsValue names the kernel's type for the value of a struct_ops map.
type structOpsValue struct {
	id     btf.TypeID
	size   uint32      // bytes
	module *btf.Handle // that has the type; nil for the kernel itself
}

// findStructOps looks a structure up in BTF of the kernel, then in that of its modules.
func findStructOps(name string) (structOpsValue, error) {
	kernel, err := specOf(vmlinux)
	if err != nil {
		return structOpsValue{}, err
	}
	value, err := structOpsValueIn(kernel, name)
	if err == nil || !errors.Is(err, btf.ErrNotFound) {
		return value, err
	}
	modules, listErr := ids(KindBTF)
	if listErr != nil {
		return structOpsValue{}, listErr
	}
	for _, id := range modules {
		value, err := structOpsValueInModule(kernel, id, name)
		if err == nil || !errors.Is(err, btf.ErrNotFound) {
			return value, err
		}
	}
	return structOpsValue{}, err
}

func structOpsValueIn(types *btf.Spec, name string) (value structOpsValue, err error) {
	var found *btf.Struct
	if err := types.TypeByName(structOpsPrefix+name, &found); err != nil {
		return value, err
	}
	if layout, ok := layoutIn(found); !ok || layout.structure.Name != name {
		return value, fmt.Errorf("struct %s is no value of struct_ops: %w", found.Name,
			btf.ErrNotFound)
	}
	value.size = found.Size
	value.id, err = types.TypeID(found)
	return value, err
}

// structOpsValueInModule looks a structure up in the BTF of that id, if it is a module's.
func structOpsValueInModule(kernel *btf.Spec, id uint32, name string) (structOpsValue, error) {
	handle, err := btf.NewHandleFromID(btf.ID(id))
	if errors.Is(err, os.ErrNotExist) {
		return structOpsValue{}, btf.ErrNotFound // gone since
	}
	if err != nil {
		return structOpsValue{}, err
	}
	value, err := func() (structOpsValue, error) {
		about, err := handle.Info()
		if err != nil {
			return structOpsValue{}, err
		}
		if !about.IsModule() {
			return structOpsValue{}, btf.ErrNotFound
		}
		types, err := handle.Spec(kernel)
		if err != nil {
			return structOpsValue{}, err
		}
		return structOpsValueIn(types, name)
	}()
	if err != nil {
		return structOpsValue{}, errors.Join(err, handle.Close())
	}
	value.module = handle
	return value, nil
}

// create makes a map for the structure. The kernel wants BTF of the program that makes it, whatever
// there is in it (map_create, kernel/bpf/syscall.c).
func (v structOpsValue) create(flags uint32) (*os.File, error) {
	own, err := someBTF()
	if err != nil {
		return nil, err
	}
	defer own.Close()
	attr := struct { // union bpf_attr, as far as value_type_btf_obj_fd
		typ, keySize, valueSize, maxEntries uint32
		flags, innerMap, node               uint32
		name                                [16]byte
		ifindex, btf, keyType, valueType    uint32
		kernelValueType                     uint32
		extra                               uint64
		module                              int32
		_                                   uint32
	}{
		typ: unix.BPF_MAP_TYPE_STRUCT_OPS, keySize: 4, valueSize: v.size, maxEntries: 1,
		flags: flags, btf: uint32(own.FD()), kernelValueType: uint32(v.id),
	}
	if v.module != nil {
		const valueTypeOfModule = 1 << 15 // BPF_F_VTYPE_BTF_OBJ_FD
		attr.flags, attr.module = flags|valueTypeOfModule, int32(v.module.FD())
	}
	size := unsafe.Sizeof(attr)
	if v.module == nil {
		size = unsafe.Offsetof(attr.extra) // older kernels take no more
	}
	fd, err := bpfFD(unix.BPF_MAP_CREATE, unsafe.Pointer(&attr), size)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), "struct_ops map"), nil
}
