// SPDX-License-Identifier: Apache-2.0

package guest

import (
	"errors"
	"os"
	"os/signal"

	"golang.org/x/sys/unix"
)

// reapOrphans waits for the children that other processes left behind, until
// done is closed. It must run on the first thread.
//
// The kernel gives orphans to the first thread of PID 1 (find_new_reaper in kernel/exit.c), and the
// children that os/exec starts belong to the thread that started them. Waiting for this thread's
// children alone (__WNOTHREAD) therefore takes no exit status from an exec.Cmd, as long as no one
// else runs on this thread: [Main] keeps it to itself.
func reapOrphans(done <-chan struct{}) {
	died := make(chan os.Signal, 1)
	signal.Notify(died, unix.SIGCHLD)
	defer signal.Stop(died)
	for {
		reapNow()
		select {
		case <-died:
		case <-done:
			return
		}
	}
}

func reapNow() {
	for {
		pid, err := unix.Wait4(-1, nil, unix.WNOHANG|unix.WNOTHREAD, nil)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil || pid == 0 {
			return
		}
	}
}
