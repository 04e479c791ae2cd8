// SPDX-License-Identifier: Apache-2.0

package structops

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// DefaultBPFFS names the bpffs that systemd and most distributions mount.
const DefaultBPFFS = "/sys/fs/bpf"

// Folder names the folder below a bpffs that holds the pins of what was inserted: for each
// structure a folder of its name, with the pins map and, where a link registers it, link.
const Folder = "loadstone/ops"

// The pins of a structure.
const (
	mapPin  = "map"
	linkPin = "link"
)

// PinFolder returns the folder with the pins of the structure of that name.
func PinFolder(bpffs, name string) string { return filepath.Join(bpffs, Folder, name) }

// checkBPFFS returns an error that wraps [ErrNoBPFFS], and says what to do, unless the folder is in
// a bpffs.
func checkBPFFS(folder string) error {
	var stat unix.Statfs_t
	err := unix.Statfs(folder, &stat)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s: %w: it does not exist; make it, and mount one there: "+
			"mount -t bpf bpf %[1]s", folder, ErrNoBPFFS)
	case err != nil:
		return fmt.Errorf("look at %s: %w", folder, err)
	case stat.Type != unix.BPF_FS_MAGIC:
		return fmt.Errorf("%s: %w: nothing can be pinned there, and so nothing kept; mount one "+
			"(mount -t bpf bpf %[1]s), or name another with --bpffs", folder, ErrNoBPFFS)
	}
	return nil
}

// lockFolder makes the folder of all pins, and waits until no other insert has it locked. The lock
// goes with its process.
func lockFolder(ctx context.Context, bpffs string) (unlock func() error, err error) {
	path := filepath.Join(bpffs, Folder)
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, err
	}
	folder, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	for {
		err := unix.Flock(int(folder.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil {
			return folder.Close, nil
		}
		if !errors.Is(err, unix.EWOULDBLOCK) {
			return nil, errors.Join(fmt.Errorf("lock %s: %w", path, err), folder.Close())
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(fmt.Errorf("wait for another insert, which has %s locked: %w", path,
				ctx.Err()), folder.Close())
		case <-time.After(lockPause):
		}
	}
}

// lockPause is how long a wait for another insert lasts before it is looked for again.
const lockPause = 20 * time.Millisecond

// makePinFolder makes the folder for the pins of a structure, and those above it. One without pins
// is what an insert left that was killed, and is used; made is false then. The error wraps
// [ErrThere] if there are pins in it.
func makePinFolder(bpffs, name string) (folder string, made bool, err error) {
	folder = PinFolder(bpffs, name)
	if err := os.MkdirAll(filepath.Dir(folder), 0o700); err != nil {
		return "", false, err
	}
	err = os.Mkdir(folder, 0o700)
	if !errors.Is(err, fs.ErrExist) {
		return folder, err == nil, err
	}
	return folder, false, checkNoPins(folder, name)
}

// checkNoPins returns an error that wraps [ErrThere] if the folder of a structure has pins.
func checkNoPins(folder, name string) error {
	pins, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(pins) == 0 {
		return nil
	}
	if err != nil {
		return err
	}
	return fmt.Errorf("%s: %w: %s has its pins (loadstone ops remove %[1]s removes it)", name,
		ErrThere, folder)
}

// removePin removes a pin, and the folder that [makePinFolder] made for it once that is empty. A
// pin that has gone is no error; removed is false then.
func removePin(path string) (removed bool, err error) {
	err = os.Remove(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, fmt.Errorf("remove pin: %w", err)
	}
	removed = err == nil
	folder := filepath.Dir(path)
	if !strings.HasSuffix(filepath.Dir(folder), "/"+Folder) {
		return removed, nil // pinned by someone else
	}
	err = os.Remove(folder)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ENOTEMPTY) {
		err = nil
	}
	return removed, err
}
