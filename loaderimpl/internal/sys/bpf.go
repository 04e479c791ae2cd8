// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Commands of bpf(2).
const (
	cmdMapCreate  = 0
	cmdProgLoad   = 5
	cmdObjPin     = 6
	cmdObjGet     = 7
	cmdObjGetInfo = 15
	cmdBTFLoad    = 18
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
	BTFFD, BTFKey, BTFValue, btfVmlinux     uint32
	MapExtra                                uint64
}

// progLoadAttr mirrors what BPF_PROG_LOAD reads.
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

// A Program tells what BPF_PROG_LOAD is given.
type Program struct {
	Type, AttachType, Flags uint32
	Name                    string
	Code                    []byte
	License                 string
	Version                 uint32
	AttachBTF               uint32 // id of the type that the program is bound to; 0 for none
	AttachFD                int    // descriptor of the module's types that have it; 0 for vmlinux's

	TypesFD      int    // descriptor of the object's types; used where there are Funcs
	Funcs, Lines []byte // records of FuncSize and LineSize bytes; nil for none
	FuncSize     int
	LineSize     int
}

func (p *Program) attr() *progLoadAttr {
	license := append([]byte(p.License), 0)
	attr := &progLoadAttr{
		progType: p.Type, attachType: p.AttachType, flags: p.Flags, name: Name(p.Name),
		insns: unsafe.Pointer(unsafe.SliceData(p.Code)), insnCount: uint32(len(p.Code) / 8),
		license: unsafe.Pointer(unsafe.SliceData(license)), version: p.Version,
		attachBTF: p.AttachBTF, attachFD: uint32(p.AttachFD),
	}
	if p.Funcs == nil {
		return attr
	}
	attr.btfFD = uint32(p.TypesFD)
	attr.funcInfo, attr.funcInfoSize = unsafe.Pointer(unsafe.SliceData(p.Funcs)), uint32(p.FuncSize)
	attr.funcInfoCount = uint32(len(p.Funcs) / p.FuncSize)
	if p.Lines != nil {
		attr.lineInfo, attr.lineInfoSize = unsafe.Pointer(unsafe.SliceData(p.Lines)),
			uint32(p.LineSize)
		attr.lineInfoCount = uint32(len(p.Lines) / p.LineSize)
	}
	return attr
}

// CreateMap makes a map.
func CreateMap(attr *MapCreateAttr) (int, error) {
	return bpfFD(cmdMapCreate, unsafe.Pointer(attr), unsafe.Sizeof(*attr))
}

// LoadBTF loads types.
func LoadBTF(blob []byte) (int, error) {
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

// LoadProgram loads a program. With a level of 0 there is a log only if the kernel refuses the
// program.
func LoadProgram(p *Program, level uint32) (fd int, log string, err error) {
	attr := p.attr()
	if level == 0 {
		fd, err = tryLoadProg(attr)
		if err == nil || errors.Is(err, unix.EPERM) {
			return fd, "", err
		}
		level = 1
	}
	for size := firstLog; ; size *= 4 {
		buf := make([]byte, size)
		attr.logLevel, attr.logSize, attr.log = level, uint32(size),
			unsafe.Pointer(unsafe.SliceData(buf))
		fd, err = tryLoadProg(attr)
		if errors.Is(err, unix.ENOSPC) && size < maxLog {
			continue // the log was cut
		}
		text, _, _ := bytes.Cut(buf, []byte{0})
		return fd, string(text), err
	}
}

// tryLoadProg loads a program. The verifier gives up with EAGAIN when a signal comes in, and Go's
// scheduler sends many.
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

// OpenPin opens what is pinned at a path.
func OpenPin(path string) (int, error) {
	name, err := unix.BytePtrFromString(path)
	if err != nil {
		return -1, err
	}
	attr := pinAttr{path: unsafe.Pointer(name)}
	return bpfFD(cmdObjGet, unsafe.Pointer(&attr), unsafe.Sizeof(attr))
}

// Info mirrors the head of the kernel's struct bpf_map_info, and of struct bpf_prog_info: both
// start with a type and an id.
type Info struct {
	Type, ID                                 uint32
	KeySize, ValueSize, MaxEntries, MapFlags uint32
	Name                                     [16]byte
	ifindex, btfVmlinux                      uint32
	netns                                    [2]uint64
	BTFID, BTFKey, BTFValue, _               uint32
	MapExtra                                 uint64
}

// InfoOf asks the kernel about a map or program. Of a program, only Type and ID mean what they say.
func InfoOf(fd int) (*Info, error) {
	var info Info
	attr := struct {
		fd, size uint32
		info     unsafe.Pointer
	}{uint32(fd), uint32(unsafe.Sizeof(info)), unsafe.Pointer(&info)}
	_, _, errno := unix.Syscall(unix.SYS_BPF, cmdObjGetInfo, uintptr(unsafe.Pointer(&attr)),
		unsafe.Sizeof(attr))
	runtime.KeepAlive(&info)
	if errno != 0 {
		return nil, errno
	}
	return &info, nil
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

// RaiseMemlock lifts RLIMIT_MEMLOCK on kernels that charge BPF memory to it: those before Linux
// 5.11 (97306be45fbe, "bpf: switch to memcg-based memory accounting"). A distribution's older
// kernel that does not charge takes the higher limit without harm. Where the limit cannot be
// raised, the kernel's EPERM on the first map says so.
func RaiseMemlock() {
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

// IDOf returns the kernel's id of a map or program.
func IDOf(fd int) (uint32, error) {
	info, err := InfoOf(fd)
	if err != nil {
		return 0, fmt.Errorf("ask for id: %w", err)
	}
	return info.ID, nil
}

// IsMap reports whether a descriptor is a map's. The kernel says so in the name of its anonymous
// inode only.
func IsMap(fd int) (bool, error) {
	name, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", fd))
	if err != nil {
		return false, fmt.Errorf("inspect pin: %w", err)
	}
	return strings.HasSuffix(name, "bpf-map"), nil
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
