// SPDX-License-Identifier: Apache-2.0

package native

import (
	"errors"
	"fmt"
	"strings"

	"golang.org/x/sys/unix"
)

// ErrLogLost is wrapped by the error about lines that the kernel overwrote before they were read.
var ErrLogLost = errors.New("the kernel's log was overwritten")

// Log reads the kernel's log from /dev/kmsg. It implements [runner.KernelLog].
type Log struct{ fd int }

// OpenLog opens the kernel's log at its end.
func OpenLog() (*Log, error) {
	fd, err := unix.Open("/dev/kmsg", unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("open /dev/kmsg: %w", err)
	}
	l := &Log{fd: fd}
	if err := l.Mark(); err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}

// Close closes the log.
func (l *Log) Close() { unix.Close(l.fd) }

// Mark goes to the end of the log.
func (l *Log) Mark() error {
	if _, err := unix.Seek(l.fd, 0, unix.SEEK_END); err != nil {
		return fmt.Errorf("mark /dev/kmsg: %w", err)
	}
	return nil
}

// maxRecord bounds a record of /dev/kmsg, in bytes (PRINTK_MESSAGE_MAX, kernel/printk/internal.h).
const maxRecord = 2048 + 8192

// Since returns the lines since the mark, as /dev/kmsg has them, without their dictionary. The
// error wraps [ErrLogLost] where some are missing; the others are good.
func (l *Log) Since() ([]string, error) {
	var lines []string
	var lost error
	buf := make([]byte, maxRecord)
	for {
		n, err := unix.Read(l.fd, buf)
		switch {
		case errors.Is(err, unix.EAGAIN):
			return lines, lost
		case errors.Is(err, unix.EINTR):
		case errors.Is(err, unix.EPIPE):
			lost = fmt.Errorf("read /dev/kmsg: %w", ErrLogLost)
		case err != nil:
			return lines, fmt.Errorf("read /dev/kmsg: %w", err)
		default:
			line, _, _ := strings.Cut(string(buf[:n]), "\n") // the dictionary follows
			lines = append(lines, line)
		}
	}
}
