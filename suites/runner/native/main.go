// SPDX-License-Identifier: Apache-2.0

package native

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"testing"

	"github.com/cilium/ebpf/rlimit"
	"golang.org/x/sys/unix"

	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/suites/runner/surround"
)

// inside stands in the environment of the process that has a mount namespace of its own.
const inside = "LOADSTONE_NATIVE"

// asDriver in the place of [inside] makes the process a driver.
const asDriver = "driver"

// Main runs the tests in a mount namespace of their own, so that no mount outlives them, whatever
// happens. It does not return. Begin makes the loader for specs that ask for it as a process, which
// is this program again.
func Main(m *testing.M, begin func() loader.Loader) {
	surround.Enter()
	switch os.Getenv(inside) {
	case "":
		os.Exit(enter())
	case asDriver:
		loader.Main(begin())
		return
	}
	if err := settleIn(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// enter runs this program again in a mount namespace of its own, and returns its exit code.
func enter() int {
	if os.Geteuid() != 0 {
		fmt.Fprintln(os.Stderr,
			"specs make BPF objects and need root for it: run make test, or sudo go test")
		return 1
	}
	runtime.LockOSThread() // the death signal comes when the thread goes, not the process
	cmd := exec.Command("/proc/self/exe", os.Args[1:]...)
	cmd.Env = append(os.Environ(), inside+"=1")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL,
	}
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit) && exit.Exited():
		return exit.ExitCode()
	default:
		fmt.Fprintln(os.Stderr, "run tests in a mount namespace:", err)
		return 1
	}
}

// settleIn makes the process one that specs can be run in.
func settleIn() error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("keep our mounts to ourselves: %w", err)
	}
	// What a driver leaves running becomes our child, so that what it holds is known to be ours.
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("become a subreaper: %w", err)
	}
	// Before 5.11 maps were charged to it.
	if err := rlimit.RemoveMemlock(); err != nil {
		return fmt.Errorf("lift the limit on locked memory: %w", err)
	}
	return nil
}
