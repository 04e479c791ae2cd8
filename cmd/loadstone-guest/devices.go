// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// devices are all that a driver finds in /dev.
var devices = []struct {
	name         string
	major, minor uint32
}{
	{"null", 1, 3}, {"zero", 1, 5}, {"full", 1, 7}, {"random", 1, 8}, {"urandom", 1, 9}, {"tty", 5, 0},
}

// ownDevices mounts a /dev in a driver's root that has [devices], and neither the console nor the
// kernel's log, nor the ports of the machine, nor its memory.
func ownDevices(dev string) error {
	if err := os.MkdirAll(dev, 0o755); err != nil {
		return err
	}
	if err := unix.Mount("tmpfs", dev, "tmpfs", unix.MS_NOSUID|unix.MS_NOEXEC,
		"mode=0755"); err != nil {
		return fmt.Errorf("mount the driver's /dev: %w", err)
	}
	for _, d := range devices {
		path := dev + "/" + d.name
		if err := errors.Join(
			unix.Mknod(path, unix.S_IFCHR|0o666, int(unix.Mkdev(d.major, d.minor))),
			os.Chmod(path, 0o666)); err != nil {
			return fmt.Errorf("device %s of the driver: %w", d.name, err)
		}
	}
	for name, to := range map[string]string{
		"fd": "/proc/self/fd", "stdin": "fd/0", "stdout": "fd/1", "stderr": "fd/2",
	} {
		if err := os.Symlink(to, dev+"/"+name); err != nil {
			return err
		}
	}
	return os.Mkdir(dev+"/shm", 0o1777)
}
