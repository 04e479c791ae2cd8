// SPDX-License-Identifier: Apache-2.0

package machine

import (
	"errors"
	"os/exec"
	"strings"
	"testing"
)

// exitError returns the error of a process that exited with this status.
func exitError(t *testing.T, status string) error {
	t.Helper()
	return exec.Command("sh", "-c", "exit "+status).Run()
}

// TestCause: only a guest that says that it is done, and then ends its machine
// itself, ends clean.
func TestCause(t *testing.T) {
	device := exitError(t, "33")
	panicked := death{panic: panicLine + ": sysrq triggered crash"}
	oopsed := death{
		panic: panicLine + ": Fatal exception in interrupt",
		oops:  "BUG: unable to handle page fault",
	}
	late := death{
		panic: panicLine + ": hung_task: blocked tasks", oops: "kernel BUG at mm/slub.c:1",
	}
	tests := []struct {
		name     string
		evidence evidence
		want     Cause
		detail   string
	}{
		{"said so, exit device", evidence{endWord: true, exit: device, exitStatus: 33}, Clean, ""},
		{"said so, power off", evidence{endWord: true, shutdown: "guest-shutdown"}, Clean, ""},
		{"said nothing, exit device", evidence{exit: device, exitStatus: 33}, Unfinished, "without saying"},
		{"said nothing, power off", evidence{shutdown: "guest-shutdown"}, Unfinished, "without saying"},
		{"said what failed", evidence{failedWord: "no bpffs", shutdown: "guest-shutdown"}, Unfinished, "no bpffs"},
		{"said so, and then reset", evidence{endWord: true, shutdown: "guest-reset"}, Reset, ""},
		{"said so, and then panicked", evidence{endWord: true, shutdown: "guest-reset", death: panicked}, Panic, "sysrq"},
		{"said so, and QEMU ended by itself", evidence{endWord: true}, QEMUFailed, "without a reason"},
		{"said so, and QEMU failed", evidence{endWord: true, exit: exitError(t, "1"), exitStatus: 33, stderr: "cannot"}, QEMUFailed, "cannot"},
		{"printed a panic, and ended in order", evidence{endWord: true, death: panicked, exit: device, exitStatus: 33}, Clean, ""},
		{"panic", evidence{shutdown: "guest-reset", death: panicked}, Panic, "sysrq"},
		{"oops", evidence{shutdown: "guest-reset", death: oopsed}, Oops, "page fault"},
		{"panic for another reason after an oops", evidence{shutdown: "guest-reset", death: late}, Panic, "hung_task"},
		{"no exit device, status that is its", evidence{endWord: true, exit: device}, QEMUFailed, "exit status 33"},
		{"killed by us, whatever it said", evidence{ours: Killed, endWord: true, exit: device, exitStatus: 33}, Killed, ""},
		{"killed by another", evidence{shutdown: "host-signal"}, Killed, "signal"},
		{"hang, whose end is the NMI's panic", evidence{ours: Hang, shutdown: "guest-reset", death: panicked}, Hang, ""},
	}
	for _, test := range tests {
		cause, detail := test.evidence.cause()
		if cause != test.want || !strings.Contains(detail, test.detail) {
			t.Errorf("%s: %s, %q; want %s, %q", test.name, cause, detail, test.want, test.detail)
		}
	}
}

func TestConsoleNoticesADeath(t *testing.T) {
	tests := []struct {
		name, console string
		want          death
	}{
		{"nothing", "[    0.1] Linux version 6.12\r\n", death{}},
		{"panic", "[    3.1] Kernel panic - not syncing: x\r\n", death{panic: "Kernel panic - not syncing: x"}},
		{"panic in the middle of a program's line", "goroutine 1 [run[    3.1] Kernel panic - not syncing: x\r\n", death{panic: "Kernel panic - not syncing: x"}},
		{"the first of two", "Kernel panic - not syncing: x\nKernel panic - not syncing: y\n", death{panic: "Kernel panic - not syncing: x"}},
		{"oops and panic", "BUG: unable to handle page fault for address: 0\nKernel panic - not syncing: Fatal exception\n",
			death{panic: "Kernel panic - not syncing: Fatal exception", oops: "BUG: unable to handle page fault for address: 0"}},
		{"half a line", "Kernel panic - not sync", death{}},
	}
	for _, test := range tests {
		for _, size := range []int{1, 7, 4096} {
			c, err := newConsole("", nil)
			if err != nil {
				t.Fatal(err)
			}
			for rest := test.console; rest != ""; {
				n := min(size, len(rest))
				c.take([]byte(rest[:n]))
				rest = rest[n:]
			}
			if got := c.died(); got != test.want {
				t.Errorf("%s, %d bytes at once: %+v, want %+v", test.name, size, got, test.want)
			}
		}
	}
}

func TestTailKeepsTheEnd(t *testing.T) {
	var long tail
	for range 4 * maxTail / 16 {
		_, _ = long.Write([]byte("0123456789abcde\n"))
	}
	_, _ = long.Write([]byte("the end"))
	if got := long.Bytes(); len(got) != maxTail || !strings.HasSuffix(string(got), "\nthe end") {
		t.Errorf("%d bytes, ending in %q", len(got), got[len(got)-20:])
	}
}

func TestEndedIsAnErrorUnlessClean(t *testing.T) {
	if err := (&Ended{Cause: Clean}).Err(); err != nil {
		t.Error(err)
	}
	err := (&Ended{Cause: Panic, Detail: "x"}).Err()
	var ended *Ended
	if !errors.As(err, &ended) || err.Error() != "guest ended: panic: x" {
		t.Errorf("got %v", err)
	}
}
