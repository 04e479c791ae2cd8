// SPDX-License-Identifier: Apache-2.0

package guest

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/loadstone-bpf/loadstone/vmtest/guest/wire"
)

// recordsArgument names the kernel argument that names the record port.
const recordsArgument = "loadstone.records="

// port describes the record port: a serial line in raw mode. Its descriptor is a
// blocking one outside of Go's poller, with one writer at a time: a port that
// is both polled and written loses wake-ups on some drivers
// (github.com/lmb/vimto/issues/29).
type port struct {
	fd   int
	ring *wire.Ring // where what is written goes, if there is one; then the port itself only rings

	mu   sync.Mutex // held while writing
	rest []byte     // read and not yet asked for
}

// openPort opens the port that the kernel command line names.
func openPort() (*port, error) {
	cmdline, err := os.ReadFile("/proc/cmdline")
	if err != nil {
		return nil, err
	}
	for _, argument := range strings.Fields(string(cmdline)) {
		if tty, ok := strings.CutPrefix(argument, recordsArgument); ok {
			return openTTY("/dev/" + tty)
		}
	}
	return nil, fmt.Errorf("no %s on the kernel command line", recordsArgument)
}

func openTTY(path string) (*port, error) {
	fd, err := unix.Open(path, unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("open record port %s: %w", path, err)
	}
	if err := makeRaw(fd); err != nil {
		unix.Close(fd)
		return nil, fmt.Errorf("record port %s: %w", path, err)
	}
	return &port{fd: fd}, nil
}

// makeRaw turns off whatever a terminal line does for a person: echo, editing,
// signals, translation. The speed matters to no emulator, but drivers derive
// time-outs from it.
func makeRaw(fd int) error {
	t, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		return fmt.Errorf("get terminal mode: %w", err)
	}
	t.Iflag = 0
	t.Oflag = 0
	t.Lflag = 0
	t.Cflag = unix.CS8 | unix.CREAD | unix.CLOCAL | unix.B115200
	t.Ispeed, t.Ospeed = unix.B115200, unix.B115200
	t.Cc[unix.VMIN], t.Cc[unix.VTIME] = 1, 0
	if err := unix.IoctlSetTermios(fd, unix.TCSETS, t); err != nil {
		return fmt.Errorf("set terminal mode: %w", err)
	}
	return nil
}

// write writes all of b and returns when it has left the machine. What the
// kernel still holds when it dies is lost, and what a guest says before it
// does something dangerous is what names the culprit.
func (p *port) write(b []byte) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ring != nil {
		return p.put(b)
	}
	if err := p.send(b); err != nil {
		return err
	}
	return p.drain()
}

// put writes b into the ring, and rings where the host may be asleep.
func (p *port) put(b []byte) error {
	for len(b) > 0 {
		n, ring := p.ring.Put(b)
		b = b[n:]
		if ring {
			if err := p.send([]byte{wire.Bell}); err != nil {
				return err
			}
		}
		if n == 0 {
			runtime.Gosched() // the host is behind
		}
	}
	return nil
}

// send gives the port's driver all of b.
func (p *port) send(b []byte) error {
	for len(b) > 0 {
		n, err := unix.Write(p.fd, b)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return fmt.Errorf("write to the record port: %w", err)
		}
		b = b[n:]
	}
	return nil
}

// frame writes one frame.
func (p *port) frame(kind wire.Kind, payload []byte) error {
	b, err := wire.AppendFrame(make([]byte, 0, len(payload)+32), kind, payload)
	if err != nil {
		return err
	}
	return p.write(b)
}

// drain waits until all that was written has left the machine: an emulated
// port passes a byte on when it takes it. It is not TCSBRK, which asks once in
// a tick of the clock whether a port is done.
func (p *port) drain() error {
	for {
		waiting, err := unix.IoctlGetInt(p.fd, unix.TIOCOUTQ)
		switch {
		case errors.Is(err, unix.EINTR):
		case err != nil:
			return fmt.Errorf("drain the record port: %w", err)
		case waiting == 0:
			return nil
		}
		runtime.Gosched()
	}
}

// readLine reads a line of at most [wire.MaxOrder] bytes and returns it
// without its newline.
func (p *port) readLine() ([]byte, error) {
	var line []byte
	for {
		for i, c := range p.rest {
			if c == '\n' {
				line = append(line, p.rest[:i]...)
				p.rest = p.rest[i+1:]
				return line, nil
			}
		}
		line = append(line, p.rest...)
		if len(line) > wire.MaxOrder {
			return nil, fmt.Errorf("line from the host is longer than %d bytes", wire.MaxOrder)
		}
		var err error
		if p.rest, err = p.read(); err != nil {
			return nil, err
		}
	}
}

func (p *port) read() ([]byte, error) {
	b := make([]byte, 4096)
	for {
		n, err := unix.Read(p.fd, b)
		switch {
		case errors.Is(err, unix.EINTR):
		case err != nil:
			return nil, fmt.Errorf("read from the record port: %w", err)
		case n == 0:
			return nil, errors.New("record port hung up")
		default:
			return b[:n], nil
		}
	}
}
