// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync"

	"golang.org/x/sys/unix"
)

// forbidden are the capabilities that no driver has: with them it could end the machine, reach its
// ports and memory or the guest program's, or change the clock. What a loader needs is not among
// them. CAP_SYSLOG stays, without which /proc/kallsyms shows no addresses.
var forbidden = []uintptr{
	unix.CAP_SYS_RAWIO, unix.CAP_SYS_MODULE, unix.CAP_SYS_BOOT, unix.CAP_SYS_PTRACE,
	unix.CAP_SYS_TIME, unix.CAP_MKNOD,
}

// A confinement is a thread whose children cannot have what is [forbidden]. It lives as long as the
// process: the children of a thread that ends are handed on, and would be reaped by another.
type confinement struct{ work chan func() }

// confined returns the thread that starts drivers, which it makes the first time.
var confined = sync.OnceValues(func() (*confinement, error) {
	c := &confinement{work: make(chan func())}
	ready := make(chan error)
	go func() {
		runtime.LockOSThread()
		var errs []error
		for _, capability := range forbidden {
			if err := unix.Prctl(unix.PR_CAPBSET_DROP, capability, 0, 0, 0); err != nil {
				errs = append(errs, fmt.Errorf("drop capability %d: %w", capability, err))
			}
		}
		ready <- errors.Join(errs...)
		for do := range c.work {
			do()
		}
	}()
	return c, <-ready
})

// do calls f on the thread and waits for it. What f starts is confined.
func (c *confinement) do(f func()) {
	done := make(chan struct{})
	c.work <- func() {
		defer close(done)
		f()
	}
	<-done
}

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
