// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"errors"
	"fmt"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// StructOpsLink returns the id of the map whose structure the link of that id registers; 0 where
// the link is detached. The error wraps [ErrNoSuchObject] if there is no such link, and
// [ErrNotStructOps] if it has another type.
func StructOpsLink(id uint32) (mapID uint32, err error) {
	f, err := open(KindLink, id)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	var in struct { // struct bpf_link_info of include/uapi/linux/bpf.h
		typ, id, program, _ uint32
		mapID               uint32
		_                   [27]uint32 // other types have more
	}
	if err := info(f, &in); err != nil {
		return 0, err
	}
	if in.typ != unix.BPF_LINK_TYPE_STRUCT_OPS {
		return 0, fmt.Errorf("%s: %w: %d", f.Name(), ErrNotStructOps, in.typ)
	}
	return in.mapID, nil
}

// StructOpsMaps returns the ids of all struct_ops maps in the kernel, ascending.
func StructOpsMaps() ([]uint32, error) {
	return idsOfType(KindMap, unix.BPF_MAP_TYPE_STRUCT_OPS)
}

// StructOpsLinks returns the ids of all links of struct_ops in the kernel, ascending.
func StructOpsLinks() ([]uint32, error) {
	return idsOfType(KindLink, unix.BPF_LINK_TYPE_STRUCT_OPS)
}

// idsOfType returns the ids of the maps or links of one type: the first number of each info.
func idsOfType(kind Kind, typ uint32) ([]uint32, error) {
	all, err := ids(kind)
	if err != nil {
		return nil, err
	}
	var found []uint32
	for _, id := range all {
		f, err := open(kind, id)
		if errors.Is(err, ErrNoSuchObject) {
			continue // gone since
		}
		if err != nil {
			return nil, err
		}
		var in struct{ typ, id uint32 }
		err = info(f, &in)
		f.Close()
		if err != nil {
			return nil, err
		}
		if in.typ == typ {
			found = append(found, id)
		}
	}
	return found, nil
}

// UnregisterStructOps unregisters the structure that the map of that id registers, whoever
// registered it, as bpftool struct_ops unregister does.
func UnregisterStructOps(id uint32) error {
	f, err := open(KindMap, id)
	if err != nil {
		return err
	}
	defer f.Close()
	var key uint32
	var pinned runtime.Pinner
	defer pinned.Unpin()
	pinned.Pin(&key)
	attr := struct {
		fd, _ uint32
		key   uint64
	}{fd: uint32(f.Fd()), key: uint64(uintptr(unsafe.Pointer(&key)))}
	err = bpf(unix.BPF_MAP_DELETE_ELEM, unsafe.Pointer(&attr), unsafe.Sizeof(attr))
	if err != nil {
		return fmt.Errorf("unregister the structure of %s: %w", f.Name(), err)
	}
	return nil
}
