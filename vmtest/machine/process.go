// SPDX-License-Identifier: Apache-2.0

package machine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// ErrQEMU marks errors about a QEMU that cannot be started.
var ErrQEMU = errors.New("qemu")

// launcher starts processes from a thread that lives as long as the program.
//
// The kernel sends a child its parent-death signal when the thread that
// started it ends, not the process (prctl(2), PR_SET_PDEATHSIG), and Go ends
// threads when it likes.
var launcher = sync.OnceValue(func() chan<- func() {
	jobs := make(chan func())
	go func() {
		runtime.LockOSThread()
		for job := range jobs {
			job()
		}
	}()
	return jobs
})

// startBound starts cmd so that it is killed when this program ends, however
// it ends.
func startBound(cmd *exec.Cmd) error {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = new(unix.SysProcAttr)
	}
	cmd.SysProcAttr.Pdeathsig = unix.SIGKILL
	// A Ctrl-C is for this program, which ends its VMs in order.
	cmd.SysProcAttr.Setpgid = true
	started := make(chan error)
	launcher() <- func() { started <- cmd.Start() }
	return <-started
}

// process describes a running QEMU with our ends of its channels.
type process struct {
	cmd     *exec.Cmd
	monitor *net.UnixConn
	console *net.UnixConn
	records *net.UnixConn
	stderr  tail

	// exited is closed when the process is gone; err is then what exec's
	// Wait returned.
	exited chan struct{}
	err    error
	gone   time.Time
}

// startProcess starts QEMU. The files are inherited behind the channels, in
// the order of their descriptors, and remain the caller's.
func startProcess(args []string, files ...*os.File) (_ *process, err error) {
	p := &process{exited: make(chan struct{})}
	p.cmd = exec.Command(args[0], args[1:]...)
	p.cmd.Stderr = &p.stderr
	defer func() {
		if err != nil {
			p.close()
		}
	}()

	var theirs []*os.File
	defer func() {
		for _, f := range theirs {
			f.Close()
		}
	}()
	for _, ours := range []**net.UnixConn{&p.monitor, &p.console, &p.records} {
		var their *os.File
		if *ours, their, err = socketPair(); err != nil {
			return nil, err
		}
		theirs = append(theirs, their)
	}
	p.cmd.ExtraFiles = append(theirs[:len(theirs):len(theirs)], files...)
	if err := startBound(p.cmd); err != nil {
		return nil, fmt.Errorf("%w: start %s: %w", ErrQEMU, args[0], err)
	}
	go p.wait()
	return p, nil
}

func (p *process) wait() {
	p.err = p.cmd.Wait()
	p.gone = time.Now()
	close(p.exited)
}

// kill ends the process at once.
func (p *process) kill() {
	// It may be gone already, as wanted.
	_ = p.cmd.Process.Kill()
}

// channel reads one of our ends.
type channel struct{ r io.Reader }

// Read ends in io.EOF when QEMU is gone. A socket whose other end was closed
// with something unread ends in a reset, after all that was sent.
func (c channel) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	if errors.Is(err, unix.ECONNRESET) || errors.Is(err, os.ErrClosed) {
		err = io.EOF
	}
	return n, err
}

// close closes our ends.
func (p *process) close() {
	for _, c := range []*net.UnixConn{p.monitor, p.console, p.records} {
		if c != nil {
			c.Close()
		}
	}
}

// socketPair returns a connected pair of stream sockets: ours and theirs.
func socketPair() (*net.UnixConn, *os.File, error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("socket pair: %w", err)
	}
	our, their := os.NewFile(uintptr(fds[0]), "ours"), os.NewFile(uintptr(fds[1]), "theirs")
	defer our.Close() // FileConn has its own descriptor
	conn, err := net.FileConn(our)
	if err != nil {
		their.Close()
		return nil, nil, fmt.Errorf("socket pair: %w", err)
	}
	return conn.(*net.UnixConn), their, nil
}

// version returns the first line that QEMU prints of itself.
func version(ctx context.Context, qemu string) (string, error) {
	out, err := exec.CommandContext(ctx, qemu, "--version").Output()
	if err != nil {
		return "", fmt.Errorf("%w: %s --version: %w", ErrQEMU, qemu, err)
	}
	line, _, _ := bytes.Cut(out, []byte{'\n'})
	return string(line), nil
}

// Version returns the version of a QEMU program, such as 7.2.22: what its --version says after that
// word, or its whole first line where it says no such word.
func Version(ctx context.Context, qemu string) (string, error) {
	line, err := version(ctx, qemu)
	if err != nil {
		return "", err
	}
	if _, after, found := strings.Cut(line, " version "); found {
		after, _, _ = strings.Cut(after, " ")
		return after, nil
	}
	return line, nil
}
