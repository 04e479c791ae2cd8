// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"

	"github.com/loadstone-bpf/loadstone/record"
	"github.com/loadstone-bpf/loadstone/suites/runner"
	"github.com/loadstone-bpf/loadstone/suites/runner/surround"
)

// recordsFD is the descriptor that records go to.
const recordsFD = 3

// native carries out the order on stdin on the host's own kernel. Records go to descriptor 3. The
// process was given mount and network namespaces of its own, so what it mounts goes with it.
func native(ctx context.Context) error {
	text, err := io.ReadAll(os.Stdin)
	if err != nil {
		return fmt.Errorf("read order: %w", err)
	}
	order, err := record.ParseOrder(text)
	if err != nil {
		return err
	}
	if err := runner.Check(); err != nil {
		return err
	}
	if err := ownMounts(); err != nil {
		return err
	}
	if err := liftMemlock(); err != nil {
		return err
	}
	unix.CloseOnExec(recordsFD) // it is not for drivers
	records := os.NewFile(recordsFD, "records")
	seal := record.NewSeal(order.Key)
	deps := runner.Deps{
		Raw: records,
		Records: func(r record.Record) error {
			line, err := record.Marshal(r)
			if err != nil {
				return err
			}
			_, err = records.Write(append(seal.Close(line), '\n'))
			return err
		},
	}
	log, err := openKernelLog()
	if err != nil {
		return err
	}
	deps.Log = log
	var keeper *surround.Keeper // a loader that is linked in is not kept apart
	if order.Loader.Builtin == "" {
		if keeper, err = newKeeper(); err != nil {
			return err
		}
	}
	deps.Folders, err = folders(order, keeper,
		func() ([]byte, error) { return os.ReadFile(order.Loader.Payload) })
	if err != nil {
		return err
	}
	deps.Shared = true
	if deps.Driver, err = driver(order, deps.Folders, keeper); err != nil {
		return err
	}
	return runner.Run(ctx, order, deps)
}

// ownMounts puts file systems of our own where sessions live. The mount table is now the host's,
// but for:
//
//	/run         tmpfs
//	/sys/fs/bpf  bpf
func ownMounts() error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("keep mounts to ourselves: %w", err)
	}
	for _, m := range []struct{ fs, dir string }{{"tmpfs", "/run"}, {"bpf", "/sys/fs/bpf"}} {
		if err := unix.Mount(m.fs, m.dir, m.fs, unix.MS_NOSUID|unix.MS_NODEV, "mode=0711"); err != nil {
			return fmt.Errorf("mount %s on %s: %w", m.fs, m.dir, err)
		}
	}
	return nil
}
