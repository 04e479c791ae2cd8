// SPDX-License-Identifier: Apache-2.0

package guest

import (
	"errors"
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// StayOnOneCPU keeps this program, with the threads and the processes that it
// starts from now on, on the machine's first CPU. The function that it returns
// gives all its threads the CPUs back that they had.
//
// Under TCG each CPU of a clone begins with nothing translated and no address
// looked up, so a program that wanders between two of them does that twice.
func StayOnOneCPU() (undo func() error, err error) {
	var had, first unix.CPUSet
	if err := unix.SchedGetaffinity(0, &had); err != nil {
		return nil, fmt.Errorf("which CPUs this program may use: %w", err)
	}
	first.Set(0)
	if err := setAffinity(&first); err != nil {
		return nil, err
	}
	return func() error { return setAffinity(&had) }, nil
}

// setAffinity sets the CPUs of all threads of this program. A thread that is
// started meanwhile has those of the thread that starts it.
func setAffinity(cpus *unix.CPUSet) error {
	tasks, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return fmt.Errorf("threads of this program: %w", err)
	}
	for _, task := range tasks {
		tid, err := strconv.Atoi(task.Name())
		if err != nil {
			return fmt.Errorf("threads of this program: %w", err)
		}
		if err := unix.SchedSetaffinity(tid, cpus); err != nil && !errors.Is(err, unix.ESRCH) {
			return fmt.Errorf("CPUs of thread %d: %w", tid, err)
		}
	}
	return nil
}
