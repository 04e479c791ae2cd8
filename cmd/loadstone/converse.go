// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"golang.org/x/sys/unix"

	"github.com/loadstone-bpf/loadstone/drivers/bundle"
	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/loader/check"
	"github.com/loadstone-bpf/loadstone/record"
)

// errNotRoot says that a driver's root cannot be made on this machine.
var errNotRoot = errors.New("a driver's root takes root to make")

// workInside names the work folder of a driver that is checked, in its root.
const workInside = "/work"

// converseNatively checks a driver on this machine, in its own root, with mounts that no other
// process sees, within the limits that guests have. Errors wrap [errNotRoot], or say why there was
// no conversation.
func converseNatively(
	ctx context.Context, name string, b *bundle.Bundle, limits record.Limits,
) (report *check.Report, err error) {
	if os.Geteuid() != 0 {
		return nil, errNotRoot
	}
	dir, err := os.MkdirTemp("", "loadstone-check-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	root, work := filepath.Join(dir, "root"), filepath.Join(dir, "work")
	for _, d := range []string{root, work, filepath.Join(work, "bpffs")} {
		if err := os.Mkdir(d, 0o755); err != nil {
			return nil, err
		}
	}
	err = withOwnMounts(func() (err error) {
		inside, err := b.Enter(root, bundle.Dir{Host: work, Inside: workInside})
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, inside.Close()) }()
		report = check.Check(ctx, check.Driver{
			Name: name, Work: work,
			Dirs: loader.Dirs{Work: workInside, BPFFS: workInside + "/bpffs"},
			Start: func(ctx context.Context, trace func(loader.Exchange)) (loader.Loader, error) {
				return loader.Start(ctx, inside.Command(ctx), loader.Options{
					Deadline: limits.Request, Grace: limits.Request / 4, Trace: trace,
				})
			},
		})
		return nil
	})
	return report, err
}

// withOwnMounts runs do on a thread with a mount namespace of its own. Both end with it.
func withOwnMounts(do func() error) error {
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread then ends with its goroutine
		done <- func() error {
			err := unix.Unshare(unix.CLONE_NEWNS)
			if errors.Is(err, unix.EPERM) {
				return errNotRoot
			}
			if err != nil {
				return fmt.Errorf("unshare mounts: %w", err)
			}
			if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
				return fmt.Errorf("make mounts private: %w", err)
			}
			return do()
		}()
	}()
	return <-done
}
