// SPDX-License-Identifier: Apache-2.0

package insertion

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"github.com/loadstone-bpf/loadstone/structops"
)

// The pins in the folder of a structure.
const (
	mapPin  = "map"
	linkPin = "link" // where a link registers it
)

// checkBPFFS returns an error that wraps [structops.ErrNoBPFFS], and says what to do, unless the
// folder is in a bpffs.
func checkBPFFS(folder string) error {
	var stat unix.Statfs_t
	err := unix.Statfs(folder, &stat)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s: %w: it does not exist; make it, and mount one there: "+
			"mount -t bpf bpf %[1]s", folder, structops.ErrNoBPFFS)
	case err != nil:
		return fmt.Errorf("look at %s: %w", folder, err)
	case stat.Type != unix.BPF_FS_MAGIC:
		return fmt.Errorf("%s: %w: nothing can be pinned there, and so nothing kept; mount one "+
			"(mount -t bpf bpf %[1]s), or name another with --bpffs", folder, structops.ErrNoBPFFS)
	}
	return nil
}

// lockFolder makes the folder of all pins, and waits until no other insert has it locked. The lock
// goes with its process.
func lockFolder(ctx context.Context, bpffs string) (unlock func() error, err error) {
	path := filepath.Join(bpffs, structops.Folder)
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
// [structops.ErrThere] if there are pins in it.
func makePinFolder(bpffs, name string) (folder string, made bool, err error) {
	folder = structops.PinFolder(bpffs, name)
	if err := os.MkdirAll(filepath.Dir(folder), 0o700); err != nil {
		return "", false, err
	}
	err = os.Mkdir(folder, 0o700)
	if !errors.Is(err, fs.ErrExist) {
		return folder, err == nil, err
	}
	return folder, false, checkNoPins(folder, name)
}

// checkNoPins returns an error that wraps [structops.ErrThere] if the folder of a structure has
// pins.
func checkNoPins(folder, name string) error {
	pins, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(pins) == 0 {
		return nil
	}
	if err != nil {
		return err
	}
	return fmt.Errorf("%s: %w: %s has its pins (loadstone ops remove %[1]s removes it)", name,
		structops.ErrThere, folder)
}
