// SPDX-License-Identifier: Apache-2.0

package runner

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/oracle"
	"github.com/loadstone-bpf/loadstone/suites/runner/surround"
)

// leave has the loader give everything up, and notes what stays in the kernel.
func (x *Execution) leave() {
	if x.dirs == (loader.Dirs{}) {
		return // it never began
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(x.ctx), x.run.farewell())
	defer cancel()
	for _, c := range x.conversations() {
		x.note(c.giveUp(ctx))
	}
	x.note(x.unpin())
	left, err := x.beyond(ctx, x.before)
	x.note(err)
	x.left = append(x.left, left...)
	x.letLookAtLeft()
	for _, c := range x.conversations() {
		x.note(c.bye(ctx))
	}
	for _, restore := range slices.Backward(x.restore) {
		x.note(restore())
	}
}

// unpin removes every pin, so that what it holds is freed, and notes those that may not stay.
func (x *Execution) unpin() error {
	pins, err := x.witness.Pins()
	for _, pin := range pins {
		if !slices.Contains(x.kept, pin) {
			x.left = append(x.left, oracle.Object{Kind: oracle.KindPin, Name: pin})
		}
		err = errors.Join(err, os.Remove(filepath.Join(x.witness.BPFFS, pin)))
	}
	return err
}

// note keeps the first trouble.
func (x *Execution) note(err error) {
	if x.trouble == nil {
		x.trouble = err
	}
}

// delegate mounts the bpffs of the driver's user namespace over the spec's folder, until the spec
// ends: what is pinned there is looked at, and removed, when the loader is gone.
func (x *Execution) delegate(l loader.Loader) error {
	driver, ok := l.(surround.Mounter)
	if !ok {
		return fmt.Errorf("%T is in no user namespace of its own", l)
	}
	dir := x.witness.BPFFS
	if err := driver.Mount(dir); err != nil {
		return err
	}
	// Nothing has been asked of the driver yet.
	var err error
	x.witness.Preloaded, err = oracle.Pins(dir)
	x.restore = append(x.restore, func() error {
		x.witness.Preloaded = nil
		if err := unix.Unmount(dir, unix.MNT_DETACH|unix.UMOUNT_NOFOLLOW); err != nil {
			return fmt.Errorf("unmount the loader's bpffs: %w", err)
		}
		return nil
	})
	return err
}

// LimitLocked lets this process, and those that it starts from now on, lock at most n bytes of
// memory (RLIMIT_MEMLOCK), until the spec ends. A process may raise the limit again.
func (x *Execution) LimitLocked(n uint64) {
	var before unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_MEMLOCK, &before); err != nil {
		x.Broken("limit on locked memory: %v", err)
	}
	x.AtEnd(func() error { return unix.Setrlimit(unix.RLIMIT_MEMLOCK, &before) })
	limited := unix.Rlimit{Cur: n, Max: before.Max}
	if err := unix.Setrlimit(unix.RLIMIT_MEMLOCK, &limited); err != nil {
		x.Broken("limit on locked memory: %v", err)
	}
}
