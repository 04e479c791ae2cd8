// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// ErrNoPin is wrapped by errors about a path at which nothing is pinned.
var ErrNoPin = errors.New("nothing is pinned there")

// File is what a file system says of a file, as far as a loader could change it. The zero File is none.
type File struct {
	Inode    uint64
	Mode     uint32 // type and permissions, as st_mode
	UID, GID uint32
}

// String is "inode 12, mode 100600, owner 0:0".
func (f File) String() string {
	if f == (File{}) {
		return "no file"
	}
	return fmt.Sprintf("inode %d, mode %o, owner %d:%d", f.Inode, f.Mode, f.UID, f.GID)
}

// PinnedAt is the object that is pinned at path, by kind and id, and the file that pins it. Where there is no file, or none that pins anything, the
// error wraps [ErrNoPin], and the file is good if there is one.
func PinnedAt(path string) (Object, File, error) {
	file, err := fileAt(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Object{}, File{}, fmt.Errorf("%s: %w", path, ErrNoPin)
	}
	if err != nil {
		return Object{}, File{}, fmt.Errorf("look at pin: %w", err)
	}
	f, err := openPinned(path)
	switch {
	case errors.Is(err, unix.EACCES), // bpf_inode_type, kernel/bpf/inode.c: neither map, program nor link
		errors.Is(err, unix.ENOENT): // a symbolic link that leads nowhere
		return Object{}, file, fmt.Errorf("%s: %w", path, ErrNoPin)
	case err != nil:
		return Object{}, file, fmt.Errorf("open pin %s: %w", path, err)
	}
	defer f.Close()
	object, err := pinnedObject(f)
	return object, file, err
}

func fileAt(path string) (File, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return File{}, err
	}
	stat := info.Sys().(*syscall.Stat_t)
	return File{Inode: stat.Ino, Mode: stat.Mode, UID: stat.Uid, GID: stat.Gid}, nil
}

// openPinned opens what is pinned at path with BPF_OBJ_GET.
func openPinned(path string) (*os.File, error) {
	name, err := unix.BytePtrFromString(path)
	if err != nil {
		return nil, err
	}
	var pinned runtime.Pinner // the kernel gets the address in a number, which the runtime does not see
	defer pinned.Unpin()
	pinned.Pin(name)
	attr := struct {
		path      uint64
		fd, flags uint32
	}{path: uint64(uintptr(unsafe.Pointer(name)))}
	fd, err := bpfFD(unix.BPF_OBJ_GET, unsafe.Pointer(&attr), unsafe.Sizeof(attr))
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), "pin "+path), nil
}

// pinnedObject is the kind and id of what a descriptor stands for. Its kind stands in the name of its anonymous inode only.
func pinnedObject(f *os.File) (Object, error) {
	inode, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", f.Fd()))
	if err != nil {
		return Object{}, fmt.Errorf("kind of %s: %w", f.Name(), err)
	}
	name := strings.ReplaceAll(strings.TrimPrefix(inode, "anon_inode:"), "_", "-") // links were bpf_link once
	for _, kind := range []Kind{KindMap, KindProgram, KindLink} {                  // BTF cannot be pinned
		if kinds[kind].inode == name {
			id, err := idOf(f)
			return Object{Kind: kind, ID: id}, err
		}
	}
	return Object{}, fmt.Errorf("kind of %s: %q is unknown", f.Name(), inode)
}
