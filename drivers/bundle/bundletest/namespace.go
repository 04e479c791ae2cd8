// SPDX-License-Identifier: Apache-2.0

// Package bundletest helps the tests of drivers that run in roots of their own.
package bundletest

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"
)

// inNamespace says that this process has mounts of its own.
const inNamespace = "LOADSTONE_TEST_NAMESPACE"

// Main serves as TestMain of tests that mount roots for drivers: it runs them in a mount namespace
// of their own. It needs root, and does not return.
func Main(m *testing.M) {
	if os.Getenv(inNamespace) != "" {
		os.Exit(m.Run())
	}
	cmd := exec.Command("/proc/self/exe", os.Args[1:]...)
	cmd.Args[0] = os.Args[0]
	cmd.Env = append(os.Environ(), inNamespace+"=1")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Unshareflags: syscall.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL,
	}
	err := cmd.Run()
	if cmd.ProcessState == nil {
		fmt.Fprintf(os.Stderr, "these tests mount and load BPF programs, so they need root: %v\n",
			err)
		os.Exit(1)
	}
	os.Exit(cmd.ProcessState.ExitCode())
}
