// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"fmt"
	"runtime"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Commands of bpf(2).
const (
	cmdMapCreate   = 0
	cmdMapLookup   = 1
	cmdProgLoad    = 5
	cmdObjPin      = 6
	cmdObjGet      = 7
	cmdTestRun     = 10
	cmdObjGetInfo  = 15
	cmdBTFLoad     = 18
	cmdLinkCreate  = 28
	cmdLinkUpdate  = 29
	cmdLinkDetach  = 34
	cmdProgBindMap = 35
	cmdTokenCreate = 36
)

// ENOTSUPP has the kernel's value, which it does not share with user space (include/linux/errno.h).
const ENOTSUPP = unix.Errno(524)

// MapCreateAttr mirrors what BPF_MAP_CREATE reads (union bpf_attr), as far as the loader uses it. A
// kernel that knows less than this accepts it as long as what it does not know is zero
// (bpf_check_uarg_tail_zero).
type MapCreateAttr struct {
	MapType, KeySize, ValueSize, MaxEntries uint32
	MapFlags, InnerMapFD, NumaNode          uint32
	Name                                    [16]byte
	ifindex                                 uint32
	BTFFD, BTFKey, BTFValue, BTFVmlinux     uint32 // BTFVmlinux: what a map of a structure holds
	MapExtra                                uint64
	ValueTypeFD, tokenFD                    int32 // ValueTypeFD: types of the module that BTFVmlinux is of, with FlagValueTypeFD
}

// AccessFlags are the flags that say what user space may do with a map: read it only
// (BPF_F_RDONLY), or write to it only (BPF_F_WRONLY). The kernel keeps them with a descriptor, and
// does not say later with which of them a map was made (bpf_map_flags_retain_permanent).
const AccessFlags = unix.BPF_F_RDONLY | unix.BPF_F_WRONLY

// FlagValueTypeFD says that a map's value has a type of a module (BPF_F_VTYPE_BTF_OBJ_FD).
const FlagValueTypeFD = 1 << 15

// CreateMap makes a map, with a token if its descriptor is not 0.
func CreateMap(attr MapCreateAttr, token int) (int, error) {
	if token != 0 {
		attr.MapFlags |= flagTokenFD
		attr.tokenFD = int32(token)
	}
	return bpfFD(cmdMapCreate, unsafe.Pointer(&attr), unsafe.Sizeof(attr))
}

// bpfFD makes a call that returns a descriptor. The descriptor is never 0, which bpf(2) takes for
// none in many places, nor one of the other two that a shell may expect to be its own.
func bpfFD(cmd uintptr, attr unsafe.Pointer, size uintptr) (int, error) {
	fd, _, errno := unix.Syscall(unix.SYS_BPF, cmd, uintptr(attr), size)
	runtime.KeepAlive(attr)
	if errno != 0 {
		return -1, errno
	}
	if fd > 2 {
		return int(fd), nil
	}
	defer unix.Close(int(fd))
	return unix.FcntlInt(fd, unix.F_DUPFD_CLOEXEC, 3)
}

// pinAttr mirrors what BPF_OBJ_PIN and BPF_OBJ_GET read.
type pinAttr struct {
	path      unsafe.Pointer
	fd, flags uint32
}

// Pin pins a map or program.
func Pin(fd int, path string) error {
	name, err := unix.BytePtrFromString(path)
	if err != nil {
		return err
	}
	attr := pinAttr{path: unsafe.Pointer(name), fd: uint32(fd)}
	_, _, errno := unix.Syscall(unix.SYS_BPF, cmdObjPin, uintptr(unsafe.Pointer(&attr)),
		unsafe.Sizeof(attr))
	runtime.KeepAlive(&attr)
	if errno != 0 {
		return errno
	}
	return nil
}

// OpenPin opens what is pinned at a path, with the access that flags asks for: 0 for both,
// BPF_F_RDONLY or BPF_F_WRONLY. A program takes no flags.
func OpenPin(path string, flags uint32) (int, error) {
	name, err := unix.BytePtrFromString(path)
	if err != nil {
		return -1, err
	}
	attr := pinAttr{path: unsafe.Pointer(name), flags: flags}
	return bpfFD(cmdObjGet, unsafe.Pointer(&attr), unsafe.Sizeof(attr))
}

// Info mirrors the head of the kernel's struct bpf_map_info, and of struct bpf_prog_info: both
// start with a type and an id.
type Info struct {
	Type, ID                                 uint32
	KeySize, ValueSize, MaxEntries, MapFlags uint32
	Name                                     [16]byte
	ifindex, BTFVmlinux                      uint32
	netns                                    [2]uint64
	BTFID, BTFKey, BTFValue, _               uint32
	MapExtra                                 uint64
}

// InfoOf asks the kernel about a map or program. Of a program, only Type and ID mean what they say.
func InfoOf(fd int) (*Info, error) {
	var info Info
	if err := readInfo(fd, unsafe.Pointer(&info), unsafe.Sizeof(info)); err != nil {
		return nil, err
	}
	return &info, nil
}

// readInfo has the kernel write what it tells of a descriptor to info, as much as has room in size
// bytes.
func readInfo(fd int, info unsafe.Pointer, size uintptr) error {
	attr := struct {
		fd, size uint32
		info     unsafe.Pointer
	}{uint32(fd), uint32(size), info}
	err := bpfDo(cmdObjGetInfo, unsafe.Pointer(&attr), unsafe.Sizeof(attr))
	runtime.KeepAlive(info)
	return err
}

// Name returns a name as the kernel accepts it: at most 15 bytes of letters, digits, dots and
// underscores (bpf_obj_name_cpy).
func Name(name string) (k [16]byte) {
	clean := strings.Map(func(r rune) rune {
		if r == '_' || r == '.' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' &&
			r <= 'Z' {
			return r
		}
		return '_'
	}, name)
	copy(k[:len(k)-1], clean)
	return k
}

// IDOf returns the kernel's id of a map or program.
func IDOf(fd int) (uint32, error) {
	info, err := InfoOf(fd)
	if err != nil {
		return 0, fmt.Errorf("ask for id: %w", err)
	}
	return info.ID, nil
}

// IsMap reports whether a descriptor is a map's. BPF_OBJ_GET_INFO_BY_FD answers for programs, links
// and types as well and does not say for which, so the kernel is asked to look up an element whose
// key is at address 0: that is EINVAL for what is no map, and anything else for a map, which is not
// changed (map_lookup_elem).
func IsMap(fd int) (bool, error) {
	attr := struct {
		fd, _             uint32
		key, value, flags uint64
	}{fd: uint32(fd)}
	_, _, errno := unix.Syscall(unix.SYS_BPF, cmdMapLookup, uintptr(unsafe.Pointer(&attr)),
		unsafe.Sizeof(attr))
	runtime.KeepAlive(&attr)
	if errno == unix.EBADF {
		return false, fmt.Errorf("tell a map from others: %w", errno)
	}
	return errno != unix.EINVAL, nil
}

// Duplicate returns another descriptor for what fd stands for.
func Duplicate(fd int) (int, error) { return unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 3) }

// Close closes a descriptor.
func Close(fd int) error { return unix.Close(fd) }

// OnBPFFS reports whether a folder is on a bpffs.
func OnBPFFS(dir string) (bool, error) {
	var fs unix.Statfs_t
	if err := unix.Statfs(dir, &fs); err != nil {
		return false, fmt.Errorf("look at %s: %w", dir, err)
	}
	return fs.Type == unix.BPF_FS_MAGIC, nil
}
