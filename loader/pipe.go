// SPDX-License-Identifier: Apache-2.0

package loader

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// replies reads the pipe that a driver answers on: while an answer is awaited, and for one user
// only.
type replies struct {
	file *os.File
	buf  []byte // read, not yet handed out
}

// errNoLine says that there is no whole line yet.
var errNoLine = errors.New("no whole line")

// next waits for a line until the deadline of the file. Its errors are io.EOF,
// os.ErrDeadlineExceeded, and those wrapping [ErrTooLong].
func (p *replies) next() ([]byte, error) {
	for {
		line, err := p.take()
		if !errors.Is(err, errNoLine) {
			return line, err
		}
		chunk := make([]byte, 32<<10)
		n, err := p.file.Read(chunk)
		p.buf = append(p.buf, chunk[:n]...)
		if n == 0 && err != nil {
			return nil, err
		}
	}
}

// take hands out a line that was already read.
func (p *replies) take() ([]byte, error) {
	i := bytes.IndexByte(p.buf, '\n')
	switch {
	case i > MaxLine || i < 0 && len(p.buf) > MaxLine:
		return nil, fmt.Errorf("%w: more than %d bytes: %s", ErrTooLong, MaxLine,
			excerpt(p.buf[:80]))
	case i < 0:
		return nil, errNoLine
	}
	line := bytes.Clone(p.buf[:i])
	p.buf = p.buf[i+1:]
	return line, nil
}

// drain reads what there is now, without waiting, at most one line of the longest kind.
func (p *replies) drain() {
	p.buf = append(p.buf, readNow(p.file, MaxLine+1)...)
}

// notes reads a driver's stderr: all the time, so that the driver never waits. The end of it is
// kept.
type notes struct {
	file *os.File
	mu   sync.Mutex
	tail []byte
}

func (n *notes) pump() {
	raw, err := n.file.SyscallConn()
	if err != nil {
		return // the file is closed: there is nobody left to listen for
	}
	ended := false
	for err == nil && !ended {
		// Reading and keeping are one step under the lock, so that take misses nothing that was
		// written before it.
		err = raw.Read(func(fd uintptr) bool {
			n.mu.Lock()
			defer n.mu.Unlock()
			count, again := n.readOnce(int(fd))
			ended = count == 0 && !again
			return !again
		})
	}
}

func (n *notes) readOnce(fd int) (count int, again bool) {
	var chunk [4 << 10]byte
	count, err := unix.Read(fd, chunk[:])
	if count > 0 {
		n.keep(chunk[:count])
	}
	return max(count, 0), errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EINTR)
}

func (n *notes) keep(b []byte) {
	n.tail = append(n.tail, b...)
	if over := len(n.tail) - MaxStderr; over > 0 {
		n.tail = n.tail[over:]
	}
}

// take hands out what was written until now.
func (n *notes) take() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.keep(readNow(n.file, MaxLine))
	text := string(bytes.ToValidUTF8(n.tail, []byte("�")))
	n.tail = nil
	return text
}

// readNow reads what is in a pipe, without waiting, at most limit bytes.
func readNow(file *os.File, limit int) []byte {
	raw, err := file.SyscallConn()
	if err != nil {
		return nil // closed
	}
	var all []byte
	chunk := make([]byte, 4<<10)
	// Control is refused only for a file that is closed, where nothing is to be read.
	_ = raw.Control(func(fd uintptr) {
		for len(all) < limit {
			n, err := unix.Read(int(fd), chunk)
			if errors.Is(err, unix.EINTR) {
				continue
			}
			if n <= 0 {
				return
			}
			all = append(all, chunk[:n]...)
		}
	})
	return all
}

// wake makes every read of the file return. A pipe has deadlines, and a closed one needs no waking.
func wake(file *os.File) { _ = file.SetReadDeadline(time.Unix(1, 0)) }
