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

// ErrNoPin reports a path at which nothing is pinned.
var ErrNoPin = errors.New("nothing is pinned there")

// File holds what a file system says of a file, as far as a loader could change it. The zero File
// stands for none.
type File struct {
	Inode    uint64
	Mode     uint32 // type and permissions, as st_mode
	UID, GID uint32
}

// String returns the file as "inode 12, mode 100600, owner 0:0".
func (f File) String() string {
	if f == (File{}) {
		return "no file"
	}
	return fmt.Sprintf("inode %d, mode %o, owner %d:%d", f.Inode, f.Mode, f.UID, f.GID)
}

// PinnedAt returns the object that is pinned at path, by kind and id, and the file that pins it.
// Where no file exists, or one that pins nothing, the error wraps [ErrNoPin], and the file is valid
// if it exists. The error wraps [ErrCannotTell] for a link in a bpffs that is mounted read-only:
// the kernel opens links for writing only (bpf_obj_get_user, kernel/bpf/inode.c).
func PinnedAt(path string) (Object, File, error) {
	file, err := fileAt(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Object{}, File{}, fmt.Errorf("%s: %w", path, ErrNoPin)
	}
	if err != nil {
		return Object{}, File{}, fmt.Errorf("look at pin: %w", err)
	}
	f, err := openPinned(path, 0)
	if errors.Is(err, unix.EROFS) {
		if f, err = openPinned(path, unix.BPF_F_RDONLY); errors.Is(err, unix.EINVAL) {
			err = fmt.Errorf("a link in a bpffs that is mounted read-only: %w", ErrCannotTell)
		}
	}
	switch {
	// EACCES says neither map, program nor link (bpf_inode_type, kernel/bpf/inode.c), ENOENT a
	// symbolic link that leads nowhere.
	case errors.Is(err, unix.EACCES), errors.Is(err, unix.ENOENT):
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

// openPinned opens what is pinned at path with BPF_OBJ_GET and these flags: for reading and
// writing, if they are 0.
func openPinned(path string, flags uint32) (*os.File, error) {
	name, err := unix.BytePtrFromString(path)
	if err != nil {
		return nil, err
	}
	var pinned runtime.Pinner // the kernel gets the address as a number, which the runtime ignores
	defer pinned.Unpin()
	pinned.Pin(name)
	attr := struct {
		path      uint64
		fd, flags uint32
	}{path: uint64(uintptr(unsafe.Pointer(name))), flags: flags}
	fd, err := bpfFD(unix.BPF_OBJ_GET, unsafe.Pointer(&attr), unsafe.Sizeof(attr))
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), "pin "+path), nil
}

// pinnedObject returns the kind and id of the object behind a descriptor. Only the name of its
// anonymous inode tells the kind.
func pinnedObject(f *os.File) (Object, error) {
	inode, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", f.Fd()))
	if err != nil {
		return Object{}, fmt.Errorf("kind of %s: %w", f.Name(), err)
	}
	// Links were bpf_link once.
	name := strings.ReplaceAll(strings.TrimPrefix(inode, "anon_inode:"), "_", "-")
	for _, kind := range []Kind{KindMap, KindProgram, KindLink} { // BTF cannot be pinned
		if kinds[kind].inode == name {
			id, err := idOf(f)
			return Object{Kind: kind, ID: id}, err
		}
	}
	return Object{}, fmt.Errorf("kind of %s: %q is unknown", f.Name(), inode)
}
