// SPDX-License-Identifier: Apache-2.0

package hygiene

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"
)

// A folder keeps one open, to be listed again and again.
type folder struct {
	fd   int
	path string
	raw  []byte // entries as the kernel gives them
}

func openFolder(path string) (*folder, error) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("open folder %s: %w", path, err)
	}
	return &folder{fd: fd, path: path}, nil
}

// Of struct linux_dirent64 (include/linux/dirent.h).
const (
	direntLength = 16 // place of the entry's length, two bytes
	direntName   = 19 // place of the name, up to a zero
)

// each calls visit with the name of every entry but "." and "..". The name is good until visit
// returns.
func (f *folder) each(visit func(name []byte) error) error {
	if _, err := unix.Seek(f.fd, 0, unix.SEEK_SET); err != nil {
		return fmt.Errorf("list %s: %w", f.path, err)
	}
	f.raw = slices.Grow(f.raw[:0], 32<<10)
	for {
		n, err := unix.Getdents(f.fd, f.raw[:cap(f.raw)])
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return fmt.Errorf("list %s: %w", f.path, err)
		}
		if n == 0 {
			return nil
		}
		for rest := f.raw[:n]; len(rest) > direntName; {
			length := int(binary.NativeEndian.Uint16(rest[direntLength:]))
			if length <= direntName || length > len(rest) {
				return fmt.Errorf("list %s: an entry of %d bytes in %d", f.path, length, len(rest))
			}
			name, _, _ := bytes.Cut(rest[direntName:length], []byte{0})
			rest = rest[length:]
			if string(name) == "." || string(name) == ".." {
				continue
			}
			if err := visit(name); err != nil {
				return err
			}
		}
	}
}

// number returns the number that a name is, and whether it is one: that of a process, for example.
func number(name []byte) (int, bool) {
	n := 0
	for _, c := range name {
		if c < '0' || c > '9' || n > 1<<30 {
			return 0, false
		}
		n = 10*n + int(c-'0')
	}
	return n, len(name) > 0
}

// A tree lists what is below folders, on the file system that each is on.
type tree struct {
	except  []string // paths that do not count
	folders bool     // nothing but folders counts
	pool    []*folder
}

// appendTo appends what is below a folder, two strings for each: path and state, each with a zero
// behind it. A folder that does not exist is empty.
func (t *tree) appendTo(b []byte, path string) ([]byte, error) {
	var stat unix.Stat_t
	err := unix.Stat(path, &stat)
	if isGone(err) {
		return b, nil
	}
	if err != nil {
		return b, fmt.Errorf("look at %s: %w", path, err)
	}
	return t.appendFolder(b, unix.AT_FDCWD, path, path, stat.Dev, 0)
}

// deepest bounds how deep folders are nested.
const deepest = 64

// appendFolder appends what is below the folder of a name in another, whose path is given too.
func (t *tree) appendFolder(
	b []byte, parent int, name, path string, device uint64, depth int,
) ([]byte, error) {
	if depth > deepest {
		return b, fmt.Errorf("look at %s: more than %d folders deep", path, deepest)
	}
	const flags = unix.O_RDONLY | unix.O_DIRECTORY | unix.O_NOFOLLOW | unix.O_CLOEXEC
	fd, err := unix.Openat(parent, name, flags, 0)
	if isGone(err) || depth > 0 && errors.Is(err, unix.ENOTDIR) {
		return b, nil // gone since its folder was read
	}
	if err != nil {
		return b, fmt.Errorf("look at %s: %w", path, err)
	}
	if depth == len(t.pool) {
		t.pool = append(t.pool, new(folder))
	}
	f := t.pool[depth]
	f.fd, f.path = fd, path
	err = f.each(func(name []byte) error {
		b, err = t.appendEntry(b, f, string(name), device, depth)
		return err
	})
	return b, errors.Join(err, unix.Close(fd))
}

// appendEntry appends an entry of a folder, with what is below it.
func (t *tree) appendEntry(
	b []byte, in *folder, name string, device uint64, depth int,
) ([]byte, error) {
	path := in.path + "/" + name
	if slices.Contains(t.except, path) {
		return b, nil
	}
	var stat unix.Stat_t
	err := unix.Fstatat(in.fd, name, &stat, unix.AT_SYMLINK_NOFOLLOW|unix.AT_NO_AUTOMOUNT)
	if isGone(err) {
		return b, nil
	}
	if err != nil {
		return b, fmt.Errorf("look at %s: %w", path, err)
	}
	isFolder := stat.Mode&unix.S_IFMT == unix.S_IFDIR
	if t.folders && !isFolder {
		return b, nil
	}
	b = append(append(b, path...), 0)
	if stat.Dev != device { // a mount point: what is there is not the folder's
		return append(b, "mount point\x00"...), nil
	}
	b = append(appendStat(b, &stat, isFolder), 0)
	if !isFolder {
		return b, nil
	}
	return t.appendFolder(b, in.fd, name, path, device, depth+1)
}

// appendStat appends what may not change of a file: that which does as soon as the file, its
// content or its owner do. Of a folder, its time says only that there were other files.
func appendStat(b []byte, stat *unix.Stat_t, isFolder bool) []byte {
	b = strconv.AppendUint(append(b, "inode "...), stat.Ino, 10)
	b = strconv.AppendUint(append(b, ", mode "...), uint64(stat.Mode), 8)
	b = strconv.AppendUint(append(b, ", owner "...), uint64(stat.Uid), 10)
	b = strconv.AppendUint(append(b, ':'), uint64(stat.Gid), 10)
	if isFolder {
		return b
	}
	b = strconv.AppendInt(append(b, ", "...), stat.Size, 10)
	sec, nsec := stat.Ctim.Unix()
	b = strconv.AppendInt(append(b, " bytes, changed at "...), sec, 10)
	return strconv.AppendInt(append(b, '.'), nsec, 10)
}

// pairs calls visit with every two strings of seen, each of which has a zero behind it.
func pairs(seen []byte, visit func(first, second string)) error {
	for len(seen) > 0 {
		first, rest, found := bytes.Cut(seen, []byte{0})
		second, rest, foundToo := bytes.Cut(rest, []byte{0})
		if !found || !foundToo {
			return fmt.Errorf("half a pair: %q", seen)
		}
		visit(string(first), string(second))
		seen = rest
	}
	return nil
}

// keepsNothing is for views that keep nothing open.
type keepsNothing struct{}

func (keepsNothing) keeps() []int { return nil }
