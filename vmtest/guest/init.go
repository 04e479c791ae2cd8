// SPDX-License-Identifier: Apache-2.0

package guest

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// ErrNotInit reports that a process is asked to be a guest that is not PID 1.
var ErrNotInit = errors.New("not PID 1 of a test VM")

// Options say how a guest is set up. The zero value is a good guest.
type Options struct {
	// Hostname, "loadstone" if empty.
	Hostname string
	// Sysctls are set after the modules are loaded: a name with dots, as
	// sysctl(8) takes it, to its value.
	Sysctls map[string]string
}

// Guest describes the machine that this program is PID 1 of.
type Guest struct {
	// Records takes records for the host.
	Records *Records
	// Kmsg is the kernel's log from boot on.
	Kmsg *Kmsg

	port    *port
	payload *payloadDevice
	wake    bool // WaitOrder came back
	size    int64
}

func init() {
	// The reaper needs the thread that orphans are given to, which is the
	// first; init functions run on it, and main stays there once locked.
	if os.Getpid() == 1 {
		runtime.LockOSThread()
	}
}

// Main runs a guest: it sets the machine up, calls run, and ends the machine.
// It must be called by main itself, not in another goroutine, and does not
// return. If run returns an error, or the machine cannot be set up, the host
// is told the error instead of an orderly end.
//
// A guest whose kernel command line has [wire.ShellArgument] runs a shell on the
// console in the place of run.
func Main(o Options, run func(*Guest) error) {
	if os.Getpid() != 1 {
		fmt.Fprintln(os.Stderr, ErrNotInit)
		os.Exit(2)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		setUpAndRun(o, run)
	}()
	reapOrphans(done)
	select {}
}

// setUpAndRun sets the guest up, runs the program and ends the machine.
func setUpAndRun(o Options, run func(*Guest) error) {
	g, err := setUp(o)
	if err == nil && shellWanted() {
		run = (*Guest).shell
	}
	if err == nil {
		err = run(g)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "guest:", err)
	}
	g.End(err)
}

// setUp makes a machine of the bare kernel. The guest it returns is never
// nil: an error is told through it.
func setUp(o Options) (*Guest, error) {
	g := new(Guest)
	if err := mountAll(); err != nil {
		return g, err
	}
	if err := g.openDevices(); err != nil {
		return g, err
	}
	if err := loadModules(); err != nil {
		return g, err
	}
	hostname := o.Hostname
	if hostname == "" {
		hostname = "loadstone"
	}
	if err := unix.Sethostname([]byte(hostname)); err != nil {
		return g, fmt.Errorf("set host name: %w", err)
	}
	if err := setEnvironment(); err != nil {
		return g, err
	}
	if err := loopbackUp(); err != nil {
		return g, err
	}
	return g, setSysctls(o.Sysctls)
}

// openDevices opens what a guest keeps open, and so what must be open before
// the template is taken.
func (g *Guest) openDevices() error {
	port, err := openPort()
	if err != nil {
		return err
	}
	g.port = port
	g.Records = &Records{port: port}
	if g.Kmsg, err = OpenKmsg(); err != nil {
		return err
	}
	g.payload, port.ring, err = openMemoryDevices()
	return err
}

// setEnvironment sets what a login would: the kernel starts PID 1 with HOME=/
// and TERM=linux only.
func setEnvironment() error {
	for name, value := range map[string]string{
		"PATH": "/usr/sbin:/usr/bin:/sbin:/bin:/bbin",
		"HOME": "/root",
		"LANG": "C.UTF-8",
	} {
		if err := os.Setenv(name, value); err != nil {
			return err
		}
	}
	return os.MkdirAll("/root", 0o700)
}

// loopbackUp brings up lo.
func loopbackUp() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("bring up lo: %w", err)
	}
	defer unix.Close(fd)
	request, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	if err := unix.IoctlIfreq(fd, unix.SIOCGIFFLAGS, request); err != nil {
		return fmt.Errorf("bring up lo: %w", err)
	}
	request.SetUint16(request.Uint16() | unix.IFF_UP | unix.IFF_RUNNING)
	if err := unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, request); err != nil {
		return fmt.Errorf("bring up lo: %w", err)
	}
	return nil
}

// setSysctls writes settings in the order of their names.
func setSysctls(settings map[string]string) error {
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		file := filepath.Join("/proc/sys", strings.ReplaceAll(name, ".", "/"))
		if err := os.WriteFile(file, []byte(settings[name]), 0o644); err != nil {
			return fmt.Errorf("sysctl %s=%s: %w", name, settings[name], err)
		}
	}
	return nil
}
