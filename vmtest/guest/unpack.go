// SPDX-License-Identifier: Apache-2.0

package guest

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// ErrArchive marks errors about an archive that is malformed or holds
// what an archive for a guest must not hold.
var ErrArchive = errors.New("bad archive")

// Limits of an archive that is unpacked.
const (
	maxArchiveEntries = 100_000
	maxArchiveName    = 4096
)

const (
	newcMagic      = "070701"
	newcHeaderSize = 6 + 13*8
	newcTrailer    = "TRAILER!!!"
)

// archiveEntry describes one entry of a newc archive.
type archiveEntry struct {
	name string // clean, relative, without ".."
	mode uint32 // as in stat(2)
	data []byte // a file's content, a link's target
}

// Unpack unpacks a newc archive (cpio -H newc) of folders, files and symbolic
// links below dir, which must exist and must not be shared with anyone who
// could change it meanwhile. Owners and times are not kept. An entry whose
// parent is missing makes it, and a file that exists already is an error. A
// symbolic link in the archive is followed by later entries as far as it stays
// below dir, so nothing lands outside. Errors about the archive wrap
// [ErrArchive].
//
// It is not mkuimage's cpio reader because that one believes the sizes in the
// archive, and because here files are written from the payload's memory
// without a copy.
func Unpack(archive []byte, dir string) error {
	_, err := UnpackFirst(archive, dir)
	return err
}

// UnpackFirst works like [Unpack] for the first of several archives, and returns what follows it
// but for zeros: the next archive.
func UnpackFirst(archive []byte, dir string) (rest []byte, err error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("unpack: %w", err)
	}
	defer root.Close()
	for count := 0; ; count++ {
		entry, rest, err := nextEntry(archive)
		if err != nil {
			return nil, fmt.Errorf("unpack: entry %d: %w", count, err)
		}
		if entry.name == newcTrailer {
			return bytes.TrimLeft(rest, "\x00"), nil
		}
		if count == maxArchiveEntries {
			return nil, fmt.Errorf("unpack: %w: more than %d entries", ErrArchive,
				maxArchiveEntries)
		}
		if err := entry.unpack(root); err != nil {
			return nil, fmt.Errorf("unpack %s: %w", entry.name, err)
		}
		archive = rest
	}
}

// nextEntry takes the first entry off archive.
func nextEntry(archive []byte) (entry archiveEntry, rest []byte, err error) {
	if len(archive) < newcHeaderSize || string(archive[:6]) != newcMagic {
		return entry, nil, fmt.Errorf("%w: no newc header", ErrArchive)
	}
	field := func(i int) (uint32, error) {
		digits := string(archive[6+8*i : 6+8*i+8])
		v, err := strconv.ParseUint(digits, 16, 32)
		if err != nil {
			return 0, fmt.Errorf("%w: header field %d is %q", ErrArchive, i, digits)
		}
		return uint32(v), nil
	}
	// Fields count from 0: inode, mode, owner, group, links, time, file size,
	// device (two), device of a node (two), name size, checksum.
	mode, err := field(1)
	if err != nil {
		return entry, nil, err
	}
	fileSize, err := field(6)
	if err != nil {
		return entry, nil, err
	}
	nameSize, err := field(11)
	if err != nil {
		return entry, nil, err
	}
	if nameSize == 0 || nameSize > maxArchiveName {
		return entry, nil, fmt.Errorf("%w: name of %d bytes", ErrArchive, nameSize)
	}

	// No sum can wrap: each term is below 2^32, and these are 64 bit.
	nameEnd := uint64(newcHeaderSize) + uint64(nameSize)
	dataStart := align4(nameEnd)
	dataEnd := dataStart + uint64(fileSize)
	if dataEnd > uint64(len(archive)) {
		return entry, nil, fmt.Errorf("%w: ends at byte %d of %d", ErrArchive, len(archive),
			dataEnd)
	}
	name := string(archive[newcHeaderSize : nameEnd-1])
	if strings.ContainsRune(name, 0) || archive[nameEnd-1] != 0 {
		return entry, nil, fmt.Errorf("%w: name %q", ErrArchive, name)
	}
	entry = archiveEntry{name: name, mode: mode, data: archive[dataStart:dataEnd]}
	return entry, archive[min(align4(dataEnd), uint64(len(archive))):], nil
}

func align4(n uint64) uint64 { return (n + 3) &^ 3 }

// unpack writes e below root, which refuses names that lead out of it.
func (e archiveEntry) unpack(root *os.Root) error {
	name := path.Clean(strings.TrimPrefix(e.name, "./"))
	if !fs.ValidPath(name) || name == "." && e.mode&unix.S_IFMT != unix.S_IFDIR {
		return fmt.Errorf("%w: name leads out of the folder", ErrArchive)
	}
	if parent := path.Dir(name); parent != "." {
		if err := root.MkdirAll(parent, 0o755); err != nil {
			return err
		}
	}
	perm := fs.FileMode(e.mode & 0o777)
	switch e.mode & unix.S_IFMT {
	case unix.S_IFDIR:
		return e.unpackDir(root, name, perm)
	case unix.S_IFREG:
		return e.unpackFile(root, name, perm)
	case unix.S_IFLNK:
		return root.Symlink(string(e.data), name)
	default:
		return fmt.Errorf("%w: neither folder nor file nor symbolic link (mode %#o)", ErrArchive,
			e.mode)
	}
}

func (e archiveEntry) unpackDir(root *os.Root, name string, perm fs.FileMode) error {
	// A folder may be there already: "." is, and so is one made for an entry
	// that came before its parent.
	if err := root.MkdirAll(name, 0o755); err != nil {
		return err
	}
	return root.Chmod(name, perm)
}

func (e archiveEntry) unpackFile(root *os.Root, name string, perm fs.FileMode) (err error) {
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if _, err := f.Write(e.data); err != nil {
		return err
	}
	// The umask took bits away.
	return f.Chmod(perm)
}
