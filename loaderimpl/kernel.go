// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"bytes"
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The calls of bpf(2) that make things are here, and not left to cilium/ebpf, because what it adds to them is what a loader is judged by: it
// makes maps again without BTF and does not say so, rewrites helpers, explains errors by guessing, and probes the kernel a dozen times before
// the first program.

// Commands of bpf(2).
const (
	cmdMapCreate  = 0
	cmdProgLoad   = 5
	cmdObjPin     = 6
	cmdObjGet     = 7
	cmdObjGetInfo = 15
	cmdBTFLoad    = 18
)

// enotsupp is the kernel's ENOTSUPP, which it does not share with user space (include/linux/errno.h).
const enotsupp = unix.Errno(524)

// mapCreateAttr is what BPF_MAP_CREATE reads (union bpf_attr), as far as it is used here. A kernel that knows less than this takes it as
// long as what it does not know is zero (bpf_check_uarg_tail_zero).
type mapCreateAttr struct {
	mapType, keySize, valueSize, maxEntries uint32
	mapFlags, innerMapFD, numaNode          uint32
	name                                    [16]byte
	ifindex                                 uint32
	btfFD, btfKey, btfValue, btfVmlinux     uint32
	mapExtra                                uint64
}

// progLoadAttr is what BPF_PROG_LOAD reads.
type progLoadAttr struct {
	progType, insnCount         uint32
	insns, license              unsafe.Pointer
	logLevel, logSize           uint32
	log                         unsafe.Pointer
	version, flags              uint32
	name                        [16]byte
	ifindex, attachType         uint32
	btfFD, funcInfoSize         uint32
	funcInfo                    unsafe.Pointer
	funcInfoCount, lineInfoSize uint32
	lineInfo                    unsafe.Pointer
	lineInfoCount, attachBTF    uint32
	attachFD, _                 uint32
}

// createMap makes a map.
func createMap(attr *mapCreateAttr) (int, error) {
	return bpfFD(cmdMapCreate, unsafe.Pointer(attr), unsafe.Sizeof(*attr))
}

// loadBTF loads types.
func loadBTF(blob []byte) (int, error) {
	attr := struct {
		btf, log                unsafe.Pointer
		size, logSize, logLevel uint32
	}{btf: unsafe.Pointer(unsafe.SliceData(blob)), size: uint32(len(blob))}
	return bpfFD(cmdBTFLoad, unsafe.Pointer(&attr), unsafe.Sizeof(attr))
}

// Sizes of the verifier's log, in bytes.
const (
	firstLog = 64 << 10
	maxLog   = 16 << 20
)

// loadProg loads a program. With a level of 0 there is a log only if the kernel refuses the program.
func loadProg(attr *progLoadAttr, level uint32) (fd int, log string, err error) {
	if level == 0 {
		fd, err = tryLoadProg(attr)
		if err == nil || errors.Is(err, unix.EPERM) {
			return fd, "", err
		}
		level = 1
	}
	for size := firstLog; ; size *= 4 {
		buf := make([]byte, size)
		attr.logLevel, attr.logSize, attr.log = level, uint32(size), unsafe.Pointer(unsafe.SliceData(buf))
		fd, err = tryLoadProg(attr)
		if errors.Is(err, unix.ENOSPC) && size < maxLog {
			continue // the log was cut
		}
		text, _, _ := bytes.Cut(buf, []byte{0})
		return fd, string(text), err
	}
}

// tryLoadProg loads a program. The verifier gives up with EAGAIN when a signal comes in, and Go's scheduler sends many.
func tryLoadProg(attr *progLoadAttr) (fd int, err error) {
	const attempts = 30
	for range attempts {
		fd, err = bpfFD(cmdProgLoad, unsafe.Pointer(attr), unsafe.Sizeof(*attr))
		if !errors.Is(err, unix.EAGAIN) {
			return fd, err
		}
	}
	return fd, fmt.Errorf("%d attempts: %w", attempts, err)
}

// bpfFD makes a call that returns a descriptor. It is never 0, which bpf(2) takes for no descriptor in many places, nor one of the other two
// that a shell may expect to be its own.
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

// pinAttr is what BPF_OBJ_PIN and BPF_OBJ_GET read.
type pinAttr struct {
	path      unsafe.Pointer
	fd, flags uint32
}

// newPin pins a map or program.
func newPin(fd int, path string) error {
	name, err := unix.BytePtrFromString(path)
	if err != nil {
		return err
	}
	attr := pinAttr{path: unsafe.Pointer(name), fd: uint32(fd)}
	_, _, errno := unix.Syscall(unix.SYS_BPF, cmdObjPin, uintptr(unsafe.Pointer(&attr)), unsafe.Sizeof(attr))
	runtime.KeepAlive(&attr)
	if errno != 0 {
		return errno
	}
	return nil
}

// openPin opens what is pinned at a path.
func openPin(path string) (int, error) {
	name, err := unix.BytePtrFromString(path)
	if err != nil {
		return -1, err
	}
	attr := pinAttr{path: unsafe.Pointer(name)}
	return bpfFD(cmdObjGet, unsafe.Pointer(&attr), unsafe.Sizeof(attr))
}

// objectInfo is the head of the kernel's struct bpf_map_info, and of struct bpf_prog_info: both start with a type and an id.
type objectInfo struct {
	typ, id                                  uint32
	keySize, valueSize, maxEntries, mapFlags uint32
	name                                     [16]byte
	ifindex, btfVmlinux                      uint32
	netns                                    [2]uint64
	btfID, btfKey, btfValue, _               uint32
	mapExtra                                 uint64
}

// infoOf asks the kernel about a map or program. Of a program, only typ and id mean what they say.
func infoOf(fd int) (*objectInfo, error) {
	var info objectInfo
	attr := struct {
		fd, size uint32
		info     unsafe.Pointer
	}{uint32(fd), uint32(unsafe.Sizeof(info)), unsafe.Pointer(&info)}
	_, _, errno := unix.Syscall(unix.SYS_BPF, cmdObjGetInfo, uintptr(unsafe.Pointer(&attr)), unsafe.Sizeof(attr))
	runtime.KeepAlive(&info)
	if errno != 0 {
		return nil, errno
	}
	return &info, nil
}

// kernelName is a name as the kernel takes it: at most 15 bytes of letters, digits, dots and underscores (bpf_obj_name_cpy).
func kernelName(name string) (k [16]byte) {
	clean := strings.Map(func(r rune) rune {
		if r == '_' || r == '.' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r
		}
		return '_'
	}, name)
	copy(k[:len(k)-1], clean)
	return k
}

// dataName is the kernel's name for a map of global data, made as libbpf makes it (internal_map_name): as much of the object's name as fits
// in front of the section's. A section with a second dot keeps its own name alone. bpftool and other tools find data by these names.
func dataName(object, section string) string {
	const longest, least = 15, 7
	if strings.Contains(strings.TrimPrefix(section, "."), ".") {
		return section
	}
	room := longest - max(least, len(section))
	return object[:max(0, min(len(object), room))] + section
}

// raiseMemlock lifts RLIMIT_MEMLOCK on kernels that charge BPF memory to it: those before Linux 5.11 (97306be45fbe, "bpf: switch to memcg-based
// memory accounting"). A distribution's older kernel that does not charge takes the higher limit without harm. Where the limit cannot be
// raised, the kernel's EPERM on the first map says so.
func raiseMemlock() {
	var uts unix.Utsname
	if unix.Uname(&uts) != nil {
		return
	}
	release := string(uts.Release[:bytes.IndexByte(uts.Release[:], 0)])
	major, rest, _ := strings.Cut(release, ".")
	minor, _, _ := strings.Cut(rest, ".")
	x, errX := strconv.Atoi(major)
	y, errY := strconv.Atoi(minor)
	if errX != nil || errY != nil || x > 5 || x == 5 && y >= 11 {
		return
	}
	limit := unix.Rlimit{Cur: unix.RLIM_INFINITY, Max: unix.RLIM_INFINITY}
	_ = unix.Setrlimit(unix.RLIMIT_MEMLOCK, &limit) // see above
}
