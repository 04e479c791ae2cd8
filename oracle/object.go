// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// ErrNoSuchObject reports an id that the kernel does not have.
var ErrNoSuchObject = errors.New("the kernel has no such object")

// Kind names a kind of kernel object, or the pin of one. Each kind but pins has ids of its own.
type Kind string

// The kinds.
const (
	KindMap     Kind = "map"
	KindProgram Kind = "program"
	KindLink    Kind = "link"
	KindBTF     Kind = "btf"
	KindPin     Kind = "pin" // a file in a bpffs: it has a path, no id
)

// Object names one thing in the kernel.
type Object struct {
	Kind Kind
	ID   uint32 // 0 for a pin
	Name string // as the kernel keeps it, or a pin's path below its bpffs; may be empty
	Type string // of a map or program, in the kernel's words; "" where not known
}

// String returns the object as "map 41 m (hash)".
func (o Object) String() string {
	s := string(o.Kind)
	if o.ID != 0 {
		s += fmt.Sprintf(" %d", o.ID)
	}
	if o.Name != "" {
		s += " " + o.Name
	}
	if o.Type != "" {
		s += " (" + o.Type + ")"
	}
	return s
}

// kinds holds what differs between the kinds of objects that have ids.
var kinds = map[Kind]struct {
	nextID, fdByID int    // commands of bpf(2)
	inode          string // what a descriptor's link in /proc/PID/fd names after anon_inode:
	fdinfo         string // key of the id in /proc/PID/fdinfo
}{
	KindMap:     {unix.BPF_MAP_GET_NEXT_ID, unix.BPF_MAP_GET_FD_BY_ID, "bpf-map", "map_id"},
	KindProgram: {unix.BPF_PROG_GET_NEXT_ID, unix.BPF_PROG_GET_FD_BY_ID, "bpf-prog", "prog_id"},
	KindLink:    {unix.BPF_LINK_GET_NEXT_ID, unix.BPF_LINK_GET_FD_BY_ID, "bpf-link", "link_id"},
	KindBTF:     {unix.BPF_BTF_GET_NEXT_ID, unix.BPF_BTF_GET_FD_BY_ID, "btf", "btf_id"},
}

// ids returns the ids of every object of a kind, ascending. A kernel that does not know the command
// has none.
func ids(kind Kind) ([]uint32, error) {
	var all []uint32
	attr := struct{ start, next, flags uint32 }{}
	for {
		err := bpf(kinds[kind].nextID, unsafe.Pointer(&attr), unsafe.Sizeof(attr))
		switch {
		case errors.Is(err, unix.ENOENT):
			return all, nil
		case errors.Is(err, unix.EINVAL) && len(all) == 0:
			return nil, nil // BPF_LINK_GET_NEXT_ID is from 5.8, BPF_BTF_GET_NEXT_ID from 5.4
		case err != nil:
			return nil, fmt.Errorf("list %s ids: %w", kind, err)
		}
		all = append(all, attr.next)
		attr.start, attr.next = attr.next, 0
	}
}

// open returns a descriptor of the object of that kind and id. The error wraps [ErrNoSuchObject] if
// it does not exist.
func open(kind Kind, id uint32) (*os.File, error) {
	attr := struct{ id, next, flags uint32 }{id: id}
	fd, err := bpfFD(kinds[kind].fdByID, unsafe.Pointer(&attr), unsafe.Sizeof(attr))
	if errors.Is(err, unix.ENOENT) {
		return nil, fmt.Errorf("%s %d: %w", kind, id, ErrNoSuchObject)
	}
	if err != nil {
		return nil, fmt.Errorf("open %s %d: %w", kind, id, err)
	}
	return os.NewFile(uintptr(fd), fmt.Sprintf("%s %d", kind, id)), nil
}

// info asks the kernel for its info about the object behind f. A kernel that knows fewer fields
// leaves the others as they are.
func info[T any](f *os.File, into *T) error {
	var pinned runtime.Pinner // the kernel gets the address as a number, which the runtime ignores
	defer pinned.Unpin()
	pinned.Pin(into)
	attr := struct {
		fd, size uint32
		info     uint64
	}{uint32(f.Fd()), uint32(unsafe.Sizeof(*into)), uint64(uintptr(unsafe.Pointer(into)))}
	err := bpf(unix.BPF_OBJ_GET_INFO_BY_FD, unsafe.Pointer(&attr), unsafe.Sizeof(attr))
	if err != nil {
		return fmt.Errorf("info of %s: %w", f.Name(), err)
	}
	return nil
}

func bpf(command int, attr unsafe.Pointer, size uintptr) error {
	_, err := bpfFD(command, attr, size)
	return err
}

func bpfFD(command int, attr unsafe.Pointer, size uintptr) (int, error) {
	for {
		r, _, errno := unix.Syscall(unix.SYS_BPF, uintptr(command), uintptr(attr), size)
		switch errno {
		case 0:
			return int(r), nil
		case unix.EINTR, unix.EAGAIN:
			continue
		default:
			return -1, errno
		}
	}
}

// idOf returns the id of a map, program or link: the second number of each info.
func idOf(f *os.File) (uint32, error) {
	var in struct{ typ, id uint32 }
	err := info(f, &in)
	return in.id, err
}
