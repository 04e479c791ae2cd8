// SPDX-License-Identifier: Apache-2.0

package guest

import (
	"golang.org/x/sys/unix"

	"github.com/loadstone-bpf/loadstone/vmtest/arch"
)

// exitDevice writes to the machine's exit device, which ends QEMU at the next
// instruction. It returns only if there is none.
func exitDevice() error {
	a, err := arch.Native()
	if err != nil {
		return err
	}
	// Not /dev/port: Debian's cloud kernels are built without it.
	if err := ioperm(a.Exit.IOPort, 1); err != nil {
		return err
	}
	outb(a.Exit.IOPort, a.Exit.Value)
	return nil
}

// ioperm gives this thread the right to use count I/O ports from port on.
func ioperm(port uint16, count int) error {
	if _, _, errno := unix.RawSyscall(unix.SYS_IOPERM, uintptr(port), uintptr(count),
		1); errno != 0 {
		return errno
	}
	return nil
}

// outb writes value to an I/O port; see exit_amd64.s.
func outb(port uint16, value byte)
