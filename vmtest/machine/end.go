// SPDX-License-Identifier: Apache-2.0

package machine

import (
	"errors"
	"os/exec"
	"strings"
	"time"
)

// Cause names why a VM ended.
type Cause string

const (
	// Clean: the guest said that it was done, and then ended its machine.
	Clean Cause = "clean"
	// Unfinished: the guest ended its machine without saying that it was
	// done, or said what went wrong.
	Unfinished Cause = "unfinished"
	// Panic: the kernel panicked; out of memory is one kind.
	Panic Cause = "panic"
	// Oops: the kernel made a mistake in its own code and panicked over it.
	Oops Cause = "oops"
	// Reset: the machine was reset, and the console says nothing of why.
	Reset Cause = "reset"
	// Hang: a boot or the time between two records took too long.
	Hang Cause = "hang"
	// Deadline: the whole run took too long, though records came.
	Deadline Cause = "deadline"
	// Killed: this program ended it, by Kill or by its context; or another process did, by a
	// signal.
	Killed Cause = "killed"
	// QEMUFailed: QEMU itself ended, or did what it should not do.
	QEMUFailed Cause = "qemu-failed"
)

// Ended holds how a VM ended.
type Ended struct {
	Cause Cause
	// Detail says more in one line.
	Detail string
	// Console is the end of the console.
	Console []byte
	// Backtrace is the part of the console where the kernel says how it died
	// or where it hangs, "" if it did not.
	Backtrace string
	// Command is QEMU's command line.
	Command []string
	Timing  Timing
	Load    Load
}

// Timing holds when things happened, each from the start of QEMU; 0 for what did
// not happen.
type Timing struct {
	Resumed, Ready, FirstRecord, Gone time.Duration
	// Given is the part of Ready that the host gave a guest that was booted: how
	// long its boot would have taken on an idle host.
	Given time.Duration
}

// Late reports whether the end came because something did not come in time.
func (e *Ended) Late() bool { return e.Cause == Hang || e.Cause == Deadline }

// Error makes an Ended an error; see [Ended.Err].
func (e *Ended) Error() string {
	text := "guest ended: " + string(e.Cause)
	if e.Detail != "" {
		text += ": " + e.Detail
	}
	if e.Late() {
		text += "; " + e.Load.String()
	}
	return text
}

// Err returns nil if the end was clean, else e.
func (e *Ended) Err() error {
	if e.Cause == Clean {
		return nil
	}
	return e
}

// evidence holds all that is known of an end.
type evidence struct {
	// ours is the cause if this program ended the VM, "" if not.
	ours       Cause
	ourDetail  string
	endWord    bool   // the guest said that it is done
	failedWord string // what the guest said instead
	death      death  // what the kernel said on the console
	shutdown   string // reason of QMP's SHUTDOWN, "" if there was none
	exit       error  // of QEMU
	exitStatus int    // with which QEMU ends when the guest uses the exit device
	stderr     string // of QEMU
}

// cause returns why the VM ended, and a line of detail. The guest's word alone proves nothing: an
// end is clean if the guest said so and the machine then ended the way a guest ends it.
func (e evidence) cause() (Cause, string) {
	switch {
	case e.ours != "":
		return e.ours, e.ourDetail
	case e.endedByGuest():
		switch {
		case e.endWord:
			return Clean, ""
		case e.failedWord != "":
			return Unfinished, "guest: " + e.failedWord
		}
		return Unfinished, "the guest ended its machine without saying that it was done"
	case e.shutdown == "guest-reset" || e.shutdown == "guest-panic":
		return e.death.cause()
	case e.shutdown == "host-signal":
		return Killed, "QEMU was sent a signal"
	}
	return e.failure()
}

// endedByGuest reports whether the guest ended its machine by its own will.
func (e evidence) endedByGuest() bool {
	if e.shutdown == "guest-shutdown" {
		return true
	}
	var exit *exec.ExitError
	return e.exitStatus != 0 && errors.As(e.exit, &exit) && exit.ExitCode() == e.exitStatus
}

// cause returns why a machine was reset, by what its console says.
func (d death) cause() (Cause, string) {
	switch {
	case d.panic == "":
		return Reset, "the machine was reset and the console does not say why"
	case d.oops != "" && strings.Contains(d.panic, "Fatal exception"):
		return Oops, d.oops
	}
	return Panic, d.panic
}

// failure returns an end that QEMU alone can be blamed for.
func (e evidence) failure() (Cause, string) {
	detail := "QEMU ended without a reason"
	if e.exit != nil {
		detail = "QEMU: " + e.exit.Error()
	}
	if e.stderr != "" {
		detail += ": " + strings.TrimSpace(e.stderr)
	}
	return QEMUFailed, detail
}
