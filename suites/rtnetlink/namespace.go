// SPDX-License-Identifier: Apache-2.0

package rtnetlink

import (
	"errors"
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// A Namespace holds a network namespace of its own, and a thread in it.
type Namespace struct {
	descriptor int
	tasks      chan func()
	ended      chan error
}

// NewNamespace makes a namespace, to be closed.
func NewNamespace() (*Namespace, error) {
	n := &Namespace{tasks: make(chan func()), ended: make(chan error, 1)}
	made := make(chan error, 1)
	go n.run(made)
	return n, <-made
}

// run serves the tasks of a namespace, and takes the thread back where it was.
func (n *Namespace) run(made chan<- error) {
	runtime.LockOSThread()
	const ours = "/proc/thread-self/ns/net"
	before, err := os.Open(ours)
	if err == nil {
		err = unix.Unshare(unix.CLONE_NEWNET)
	}
	if err == nil {
		n.descriptor, err = unix.Open(ours, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	}
	made <- err
	if err != nil {
		return // with the thread
	}
	for task := range n.tasks {
		task()
	}
	err = errors.Join(unix.Close(n.descriptor),
		unix.Setns(int(before.Fd()), unix.CLONE_NEWNET), before.Close())
	if err == nil {
		runtime.UnlockOSThread()
	}
	n.ended <- err
}

// Do has the thread of the namespace do something.
func (n *Namespace) Do(task func() error) error {
	done := make(chan error, 1)
	n.tasks <- func() { done <- task() }
	return <-done
}

// Descriptor returns a descriptor of the namespace, for as long as it is not closed.
func (n *Namespace) Descriptor() int { return n.descriptor }

// Close ends the namespace, once no process or socket is in it.
func (n *Namespace) Close() error {
	close(n.tasks)
	return <-n.ended
}
