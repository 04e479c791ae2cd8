// SPDX-License-Identifier: Apache-2.0

package apttest

import (
	"os"
	"os/exec"
	"syscall"
	"testing"
)

// smallDiskDir names the variable that tells a process where its small disk is.
const smallDiskDir = "APTTEST_SMALL_DISK"

// OnSmallDisk runs body in a process of its own that has a disk of so many
// kilobytes at dir. It runs the calling test again in that process, so that the
// call has to be the first thing that the test does.
func OnSmallDisk(t *testing.T, kilobytes string, body func(dir string)) {
	t.Helper()
	if dir := os.Getenv(smallDiskDir); dir != "" {
		if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size="+kilobytes+"k"); err != nil {
			t.Fatalf("mount a small disk: %v", err)
		}
		body(dir)
		return
	}
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), smallDiskDir+"="+t.TempDir())
	// The disk is in a mount namespace, and vanishes with the process.
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("on a small disk: %v\n%s", err, out)
	}
}
