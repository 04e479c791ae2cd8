// SPDX-License-Identifier: Apache-2.0

package xdpchain

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"
)

// DefaultBPFFS has the pins of chains, where nothing else is said.
const DefaultBPFFS = "/sys/fs/bpf"

// A folder is where chains have their pins: xdp, on a bpffs. It has a folder for each dispatcher,
// dispatch-INTERFACE-PROGRAM, with the pins prog0-prog, prog0-link and so on. Libxdp reads and
// writes the same, and takes the same lock: flock(2) on xdp.
type folder string

// openFolder makes the folder unless it is there.
func openFolder(bpffs string) (folder, error) {
	var on unix.Statfs_t
	if err := unix.Statfs(bpffs, &on); err != nil {
		return "", fmt.Errorf("%s: %w: %w", bpffs, ErrBPFFS, err)
	}
	if on.Type != unix.BPF_FS_MAGIC {
		return "", fmt.Errorf("%s: %w", bpffs, ErrBPFFS)
	}
	path := filepath.Join(bpffs, "xdp")
	if err := os.Mkdir(path, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", err
	}
	return folder(path), nil
}

// lock takes the lock that libxdp takes, and returns what releases it. It waits while another has
// it, or until ctx ends.
func (f folder) lock(ctx context.Context) (unlock func() error, err error) {
	dir, err := os.Open(string(f))
	if err != nil {
		return nil, err
	}
	for {
		err := unix.Flock(int(dir.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		switch {
		case err == nil:
			return dir.Close, nil
		case !errors.Is(err, unix.EWOULDBLOCK) && !errors.Is(err, unix.EINTR):
			return nil, errors.Join(fmt.Errorf("lock %s: %w", f, err), dir.Close())
		}
		const again = 20 * time.Millisecond
		select {
		case <-ctx.Done():
			return nil, errors.Join(fmt.Errorf("lock %s, which another holds: %w", f, ctx.Err()),
				dir.Close())
		case <-time.After(again):
		}
	}
}

// of returns the folder of a dispatcher.
func (f folder) of(ifindex int, dispatcher ebpf.ProgramID) string {
	return filepath.Join(string(f), fmt.Sprintf("dispatch-%d-%d", ifindex, dispatcher))
}

// programPin and linkPin return the paths of the pins of a slot.
func programPin(dir string, slot int) string {
	return filepath.Join(dir, fmt.Sprintf("prog%d-prog", slot))
}

func linkPin(dir string, slot int) string {
	return filepath.Join(dir, fmt.Sprintf("prog%d-link", slot))
}

// interfaceLink returns the path of the pin of the link that holds an interface, for a chain that
// is attached by one. Libxdp knows no such chains, and passes by the pin.
func (f folder) interfaceLink(ifindex int) string {
	return filepath.Join(string(f), fmt.Sprintf("link-%d", ifindex))
}

// ownerOf returns the interface and the dispatcher that a folder of pins is for.
func ownerOf(name string) (ifindex int, dispatcher ebpf.ProgramID, is bool) {
	numbers, is := strings.CutPrefix(name, "dispatch-")
	first, second, both := strings.Cut(numbers, "-")
	index, err := strconv.ParseUint(first, 10, 31)
	id, again := strconv.ParseUint(second, 10, 32)
	if !is || !both || err != nil || again != nil {
		return 0, 0, false
	}
	return int(index), ebpf.ProgramID(id), true
}

// linkOwner returns the interface that the pin of a link is for.
func linkOwner(name string) (ifindex int, is bool) {
	number, is := strings.CutPrefix(name, "link-")
	index, err := strconv.ParseUint(number, 10, 31)
	return int(index), is && err == nil
}

// removePins removes the folder of a dispatcher with all that is in it. One that is not there is
// no error.
func removePins(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	errs := []error{err}
	for _, e := range entries {
		errs = append(errs, os.Remove(filepath.Join(dir, e.Name())))
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	return os.Remove(dir)
}

// removePin removes a pin. One that is not there is no error.
func removePin(path string) error {
	err := os.Remove(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
