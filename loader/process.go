// SPDX-License-Identifier: Apache-2.0

package loader

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A process leads a process group of its own, which is killed when its leader ends.
type process struct {
	cmd  *exec.Cmd
	gone chan struct{} // closed once the leader is reaped

	mu     sync.Mutex
	reaped bool
	status string // how the leader ended, once gone is closed
}

// watch starts the command, which leads a group of its own then.
func watch(cmd *exec.Cmd) (*process, error) {
	attr := syscall.SysProcAttr{}
	if cmd.SysProcAttr != nil {
		attr = *cmd.SysProcAttr
	}
	attr.Setpgid = !attr.Setsid // a session's leader leads a group already
	cmd.SysProcAttr = &attr
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &process{cmd: cmd, gone: make(chan struct{})}
	go p.wait()
	return p, nil
}

// wait reaps the leader, and kills the rest of its group before that: as long as the leader is not
// reaped, the group's number is its own.
func (p *process) wait() {
	err := unix.EINTR
	for err == unix.EINTR {
		err, _ = unix.Waitid(unix.P_PID, p.cmd.Process.Pid, nil, unix.WEXITED|unix.WNOWAIT,
			nil).(unix.Errno)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if err == 0 { // else somebody else reaped it, and the number may be another's by now
		p.signalGroup(unix.SIGKILL)
	}
	ended := p.cmd.Wait()
	p.reaped = true
	p.status = fmt.Sprintf("exit status unknown: %v", ended)
	if p.cmd.ProcessState != nil {
		p.status = p.cmd.ProcessState.String()
	}
	close(p.gone)
}

// clean reports whether the leader exited with status 0. It is meant for after gone.
func (p *process) clean() bool { return p.cmd.ProcessState != nil && p.cmd.ProcessState.Success() }

// signalGroup signals the whole group. The caller holds the lock, and the leader is not reaped.
func (p *process) signalGroup(s unix.Signal) {
	// ESRCH: no process of the group is left, as intended.
	_ = unix.Kill(-p.cmd.Process.Pid, s)
}

func (p *process) kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.reaped {
		p.signalGroup(unix.SIGKILL)
	}
}

// abort asks the leader for a dump of where it is.
func (p *process) abort() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.reaped {
		_ = p.cmd.Process.Signal(unix.SIGABRT) // os.ErrProcessDone: it has just exited
	}
}

// goneIn reports whether the leader exits on its own within d.
func (p *process) goneIn(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-p.gone:
		return true
	case <-timer.C:
		return false
	}
}

// work returns what all processes of the group did so far.
func (p *process) work() (work, error) { return workOfGroup(p.cmd.Process.Pid) }

// pipes holds both ends of the three pipes of a driver.
type pipes struct {
	requests, replies, stderr            *os.File // ours
	readRequests, writeReplies, complain *os.File // the driver's
}

func newPipes() (p pipes, err error) {
	defer func() {
		if err != nil {
			p.close()
		}
	}()
	if p.readRequests, p.requests, err = os.Pipe(); err != nil {
		return p, err
	}
	if p.replies, p.writeReplies, err = os.Pipe(); err != nil {
		return p, err
	}
	p.stderr, p.complain, err = os.Pipe()
	return p, err
}

// give puts the driver's ends where it expects them: on stdin and stdout, or where [EnvFDs] says,
// and then its stdout goes to its stderr. What else the command has comes after them.
func (p *pipes) give(cmd *exec.Cmd) error {
	if cmd.Stdin != nil || cmd.Stdout != nil || cmd.Stderr != nil {
		return errors.New("the driver's descriptors are taken")
	}
	cmd.Stderr = p.complain
	switch fds := lookup(cmd.Environ(), EnvFDs); fds {
	case "":
		cmd.Stdin, cmd.Stdout = p.readRequests, p.writeReplies
	case fdsValue:
		cmd.Stdout = p.complain
		cmd.ExtraFiles = append([]*os.File{p.readRequests, p.writeReplies}, cmd.ExtraFiles...)
	default:
		return fmt.Errorf("%s is %q, want %q", EnvFDs, fds, fdsValue)
	}
	return nil
}

// given closes the driver's ends, once the driver has them.
func (p *pipes) given() { closeAll(p.readRequests, p.writeReplies, p.complain) }

func (p *pipes) close() {
	closeAll(p.requests, p.replies, p.stderr)
	p.given()
}

func closeAll(files ...*os.File) {
	for _, f := range files {
		if f != nil {
			_ = f.Close() // a pipe has nothing to flush
		}
	}
}

func lookup(environ []string, name string) string {
	value := ""
	for _, v := range environ {
		if k, text, ok := strings.Cut(v, "="); ok && k == name {
			value = text
		}
	}
	return value
}
