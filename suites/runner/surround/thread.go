// SPDX-License-Identifier: Apache-2.0

package surround

import (
	"errors"
	"fmt"
	"runtime"

	"golang.org/x/sys/unix"
)

// forbidden are the capabilities that no driver has: with them it could end the machine, reach its
// ports and memory or the guest program's, or change the clock. What a loader needs is not among
// them. CAP_SYSLOG stays, without which /proc/kallsyms shows no addresses.
var forbidden = []uintptr{
	unix.CAP_SYS_RAWIO, unix.CAP_SYS_MODULE, unix.CAP_SYS_BOOT, unix.CAP_SYS_PTRACE,
	unix.CAP_SYS_TIME, unix.CAP_MKNOD,
}

// A Thread starts processes that cannot have what is [forbidden]. It has to live as long as they
// do: the children of a thread that ends are handed on, and another thread reaps them.
type Thread struct{ work chan func() }

// NewThread returns a thread that starts drivers in the usual surroundings, in the PID namespace of
// a keeper; nil for our own.
func NewThread(k *Keeper) (*Thread, error) {
	return newThread(func() error { return errors.Join(confine(), k.join()) })
}

// newThread starts a thread that lives until Close, and prepares it.
func newThread(prepare func() error) (*Thread, error) {
	t := &Thread{work: make(chan func())}
	ready := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with this goroutine
		err := prepare()
		ready <- err
		if err != nil {
			return
		}
		for do := range t.work {
			do()
		}
	}()
	if err := <-ready; err != nil {
		return nil, err
	}
	return t, nil
}

// confine drops what is forbidden from what processes that this thread starts can have.
func confine() error {
	var errs []error
	for _, capability := range forbidden {
		errs = append(errs, dropBounding(capability))
	}
	return errors.Join(errs...)
}

// dropBounding drops a capability from the bounding set of this thread.
func dropBounding(capability uintptr) error {
	if err := unix.Prctl(unix.PR_CAPBSET_DROP, capability, 0, 0, 0); err != nil {
		return fmt.Errorf("drop capability %d: %w", capability, err)
	}
	return nil
}

// Do calls f on the thread and waits for it.
func (t *Thread) Do(f func()) {
	done := make(chan struct{})
	t.work <- func() {
		defer close(done)
		f()
	}
	<-done
}

// Close ends the thread. The processes that it started have been reaped.
func (t *Thread) Close() { close(t.work) }
