// SPDX-License-Identifier: Apache-2.0

package trap

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"

	"github.com/cilium/ebpf"
)

// asVictim makes this program one that makes maps.
const asVictim = "TRAP_TEST_VICTIM"

func TestMain(m *testing.M) {
	if os.Getenv(asVictim) == "" {
		os.Exit(m.Run())
	}
	if _, err := os.Stdin.Read(make([]byte, 1)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	for id := ebpf.MapID(0); ; {
		next, err := ebpf.MapGetNextID(id)
		if errors.Is(err, os.ErrNotExist) {
			return
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		id = next
	}
}

func TestProcessDiesAtTheCall(t *testing.T) {
	for deadly, want := range map[uint64]bool{0: false, 1: true} {
		cmd := exec.Command("/proc/self/exe")
		cmd.Env = append(os.Environ(), asVictim+"=1")
		stdin, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		cmd.Stderr = os.Stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		trap, err := New(cmd.Process.Pid)
		if err != nil {
			t.Fatal(err)
		}
		if err := trap.KillAt(deadly); err != nil {
			t.Fatal(err)
		}
		if _, err := stdin.Write([]byte{0}); err != nil {
			t.Fatal(err)
		}
		err = cmd.Wait()
		var exit *exec.ExitError
		killed := errors.As(err, &exit) && exit.Sys().(syscall.WaitStatus).Signal() == syscall.SIGKILL
		if killed != want || !want && err != nil {
			t.Errorf("at call %d: killed: %v, %v", deadly, killed, err)
		}
		if n, err := trap.Calls(); err != nil || n == 0 || want && n != deadly {
			t.Errorf("at call %d: %d calls, %v", deadly, n, err)
		}
		if err := trap.Close(); err != nil {
			t.Error(err)
		}
	}
}
