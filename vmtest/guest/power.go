// SPDX-License-Identifier: Apache-2.0

package guest

import (
	"fmt"
	"os"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/loadstone-bpf/loadstone/vmtest/guest/wire"
)

// End ends the machine as if [Main]'s run had returned err: in order if err is
// nil, else after telling the host err. It does not return. It is for a guest
// that is done in the middle of something that takes long to leave.
func (g *Guest) End(err error) {
	word := wire.WordEnd
	if err != nil {
		word = wire.WordFailed + strings.ReplaceAll(err.Error(), "\n", "; ")
	}
	if g.port != nil {
		if err := g.port.frame(wire.KindWord, []byte(word)); err != nil {
			fmt.Fprintln(os.Stderr, "guest:", err)
		}
	}
	PowerOff()
}

// PowerOff ends the machine at once, without telling the host, which will take it for a guest that
// did not finish. It does not return.
func PowerOff() {
	// The thread is given the right to the port.
	runtime.LockOSThread()
	if err := exitDevice(); err != nil {
		fmt.Fprintln(os.Stderr, "guest: exit device:", err)
	}
	for {
		// Where there is no exit device, or it does not work, by way of ACPI
		// and the like, which takes longer.
		if err := unix.Reboot(unix.LINUX_REBOOT_CMD_POWER_OFF); err != nil {
			fmt.Fprintln(os.Stderr, "guest: power off:", err)
		}
		runtime.Gosched()
	}
}
