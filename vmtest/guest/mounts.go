// SPDX-License-Identifier: Apache-2.0

package guest

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// mount describes one line of the mount table.
type mount struct {
	fs, dir, options string
	flags            uintptr
	// optional file systems depend on kconfig symbols that not every kernel
	// has; a spec that needs one says so itself.
	optional bool
}

// mounts holds the mount table of a guest, in the order it is made. The root is
// the initramfs.
var mounts = []mount{
	{fs: "proc", dir: "/proc", flags: unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC},
	{fs: "sysfs", dir: "/sys", flags: unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC},
	{fs: "devtmpfs", dir: "/dev", flags: unix.MS_NOSUID},
	{fs: "devpts", dir: "/dev/pts", options: "mode=0620,ptmxmode=0666", flags: unix.MS_NOSUID | unix.MS_NOEXEC},
	{fs: "tmpfs", dir: "/dev/shm", flags: unix.MS_NOSUID | unix.MS_NODEV},
	{fs: "tmpfs", dir: "/tmp", options: "mode=1777", flags: unix.MS_NOSUID | unix.MS_NODEV},
	{fs: "tmpfs", dir: "/run", options: "mode=0755", flags: unix.MS_NOSUID | unix.MS_NODEV},
	{fs: "cgroup2", dir: "/sys/fs/cgroup", flags: unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC},
	{fs: "bpf", dir: "/sys/fs/bpf", options: "mode=0711", flags: unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC},
	{fs: "debugfs", dir: "/sys/kernel/debug", flags: unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC, optional: true},
	{fs: "tracefs", dir: "/sys/kernel/tracing", flags: unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC},
	{fs: "securityfs", dir: "/sys/kernel/security", flags: unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC, optional: true},
}

// mountAll makes the mount table.
func mountAll() error {
	for _, m := range mounts {
		if err := m.mount(); err != nil {
			return err
		}
	}
	return nil
}

func (m mount) mount() error {
	// Mount points in sysfs are the kernel's to make, all others ours.
	if err := os.MkdirAll(m.dir, 0o755); err != nil && !m.optional {
		return fmt.Errorf("mount point %s: %w", m.dir, err)
	}
	err := unix.Mount(m.fs, m.dir, m.fs, m.flags, m.options)
	if m.optional && (errors.Is(err, unix.ENODEV) || errors.Is(err, unix.ENOENT)) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("mount %s on %s: %w", m.fs, m.dir, err)
	}
	return nil
}
