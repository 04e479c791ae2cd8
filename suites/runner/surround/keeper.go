// SPDX-License-Identifier: Apache-2.0

package surround

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"
)

// A Keeper keeps a PID namespace that drivers are started in: they see and signal each other, and
// no other process. It is the namespace's first process, which every other needs; it mounts the
// namespace's /proc, which no process outside can, reaps what drivers leave behind, and costs
// nothing while it waits.
type Keeper struct {
	proc      string
	namespace *os.File
	hold      *os.File // the keeper ends when it is closed, and with it the namespace
}

// NewKeeper starts command as a keeper, which has to call [Keep] with that folder. It mounts the
// namespace's /proc on the folder, in our own mount namespace. The keeper ends with this process.
// The error wraps EINVAL where the kernel was built without PID namespaces.
func NewKeeper(command *exec.Cmd, proc string) (*Keeper, error) {
	if err := os.MkdirAll(proc, 0o755); err != nil {
		return nil, err
	}
	in, hold, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer in.Close()
	k := &Keeper{proc: proc, hold: hold}
	if err := k.start(command, in); err != nil {
		return nil, errors.Join(fmt.Errorf("start the keeper of a PID namespace: %w", err),
			hold.Close())
	}
	return k, nil
}

func (k *Keeper) start(command *exec.Cmd, in *os.File) error {
	ready, said, err := os.Pipe()
	if err != nil {
		return err
	}
	defer ready.Close()
	command.Stdin, command.Stdout = in, said
	command.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWPID}
	err = errors.Join(command.Start(), said.Close())
	if err != nil {
		return err
	}
	line, err := io.ReadAll(ready)
	if err != nil {
		return err
	}
	if string(line) != readyLine {
		return fmt.Errorf("it says %q", line)
	}
	k.namespace, err = os.Open(fmt.Sprintf("/proc/%d/ns/pid", command.Process.Pid))
	return err
}

// readyLine is what a keeper prints once the namespace's /proc is there.
const readyLine = "ready\n"

// Keep makes this process the keeper of its PID namespace, until its stdin ends.
func Keep(proc string) error {
	signal.Ignore(unix.SIGCHLD) // the kernel reaps then
	err := unix.Mount("proc", proc, "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, "")
	if err != nil {
		_, sayErr := fmt.Printf("mount %s: %v\n", proc, err)
		return errors.Join(err, sayErr)
	}
	if _, err := fmt.Print(readyLine); err != nil {
		return err
	}
	if err := os.Stdout.Close(); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// Proc returns the folder that has the namespace's /proc, which is our own for a nil keeper.
func (k *Keeper) Proc() string {
	if k == nil {
		return "/proc"
	}
	return k.proc
}

// Close ends the keeper and all processes of the namespace.
func (k *Keeper) Close() error { return errors.Join(k.namespace.Close(), k.hold.Close()) }

// join has the processes that this thread starts be in the namespace. A nil keeper has none.
func (k *Keeper) join() error {
	if k == nil {
		return nil
	}
	if err := unix.Setns(int(k.namespace.Fd()), unix.CLONE_NEWPID); err != nil {
		return fmt.Errorf("enter the PID namespace of drivers: %w", err)
	}
	return nil
}
