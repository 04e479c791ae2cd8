// SPDX-License-Identifier: Apache-2.0

package bundle

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"

	"github.com/u-root/mkuimage/cpio"
	"golang.org/x/sys/unix"

	"github.com/loadstone-bpf/loadstone/loader"
)

// Root holds a driver's root on this machine, for running it without a VM.
type Root struct {
	Dir    string // path on the host
	bundle *Bundle
}

// Dir describes a folder of the host that a driver sees in its root.
type Dir struct {
	Host   string // its path on the host
	Inside string // its path in the root, absolute
}

// Enter makes a driver's root at dir, a folder that exists: a tmpfs with what is in the bundle,
// this machine's /proc, /sys and /dev, and the folders that are given. What the driver writes there
// is gone with the root.
//
// It mounts in the mount namespace of the caller, who should have one of its own. Close undoes it;
// so does the end of the namespace.
func (b *Bundle) Enter(dir string, dirs ...Dir) (_ *Root, err error) {
	if err := unix.Mount("loadstone", dir, "tmpfs", unix.MS_NOSUID, "mode=0755"); err != nil {
		return nil, fmt.Errorf("mount root of %s at %s: %w", b.Loader, dir, err)
	}
	r := &Root{Dir: dir, bundle: b}
	defer func() {
		if err != nil {
			err = errors.Join(err, r.Close())
		}
	}()
	if err := b.unpack(dir); err != nil {
		return nil, err
	}
	surroundings := []Dir{{"/proc", "/proc"}, {"/sys", "/sys"}, {"/dev", "/dev"}}
	for _, d := range append(surroundings, dirs...) {
		if err := r.bind(d); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// unpack unpacks the archive below dir.
func (b *Bundle) unpack(dir string) error {
	file, err := os.Open(b.Payload)
	if err != nil {
		return err
	}
	defer file.Close()
	err = cpio.ForEachRecord(cpio.Newc.Reader(file), func(record cpio.Record) error {
		return cpio.CreateFileInRoot(record, dir, true)
	})
	if err != nil {
		return fmt.Errorf("unpack %s: %w", b.Payload, err)
	}
	return nil
}

func (r *Root) bind(d Dir) error {
	target := filepath.Join(r.Dir, d.Inside)
	if err := os.MkdirAll(target, 0o755); err != nil {
		return err
	}
	if err := unix.Mount(d.Host, target, "", unix.MS_BIND|unix.MS_REC, ""); err != nil {
		return fmt.Errorf("bind %s to %s: %w", d.Host, target, err)
	}
	// Where mounts are shared, undoing this one would else undo the host's own below it.
	if err := unix.Mount("", target, "", unix.MS_PRIVATE|unix.MS_REC, ""); err != nil {
		return fmt.Errorf("make %s private: %w", target, err)
	}
	return nil
}

// Command returns the driver, to be started by [loader.Start]. It sees nothing of the host but what
// the root holds.
func (r *Root) Command(ctx context.Context) *exec.Cmd {
	cmd := exec.CommandContext(ctx, r.bundle.Command[0], r.bundle.Command[1:]...)
	cmd.Env = append([]string{}, r.bundle.Env...) // never nil, which would mean the caller's own
	cmd.Dir = loader.Home
	cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: r.Dir}
	return cmd
}

// Close unmounts the root and all that is mounted in it.
func (r *Root) Close() error {
	if err := unix.Unmount(r.Dir, unix.MNT_DETACH); err != nil {
		return fmt.Errorf("unmount root %s: %w", r.Dir, err)
	}
	return nil
}
