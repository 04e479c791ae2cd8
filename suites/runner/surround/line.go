// SPDX-License-Identifier: Apache-2.0

package surround

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// A line joins two processes that hand each other messages, each with a descriptor.
type line struct{ fd int }

// answerIn limits how long a process waits for a message.
const answerIn = 20 * time.Second

// mostMessage limits a message, in bytes.
const mostMessage = 64 << 10

// newLine returns both ends of a line. Theirs is for the process that is started.
func newLine() (ours *line, theirs *os.File, err error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("line to the driver: %w", err)
	}
	patience := unix.NsecToTimeval(answerIn.Nanoseconds())
	for _, fd := range fds {
		if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &patience); err != nil {
			return nil, nil, errors.Join(fmt.Errorf("line to the driver: %w", err),
				unix.Close(fds[0]), unix.Close(fds[1]))
		}
	}
	return &line{fds[0]}, os.NewFile(uintptr(fds[1]), "line"), nil
}

// send hands over a message and a descriptor, which stays the caller's.
func (l *line) send(message any, fd int) error {
	text, err := json.Marshal(message)
	if err != nil {
		return err
	}
	return unix.Sendmsg(l.fd, text, unix.UnixRights(fd), nil, unix.MSG_NOSIGNAL)
}

// receive waits for a message, and returns the descriptor that came with it.
func (l *line) receive(message any) (int, error) {
	text, rights := make([]byte, mostMessage), make([]byte, unix.CmsgSpace(4))
	n, m, _, _, err := unix.Recvmsg(l.fd, text, rights, unix.MSG_CMSG_CLOEXEC)
	for errors.Is(err, unix.EINTR) {
		n, m, _, _, err = unix.Recvmsg(l.fd, text, rights, unix.MSG_CMSG_CLOEXEC)
	}
	if err != nil {
		return -1, err
	}
	if n == 0 {
		return -1, errors.New("the other side has gone")
	}
	parts, err := unix.ParseSocketControlMessage(rights[:m])
	if err != nil {
		return -1, err
	}
	if len(parts) != 1 {
		return -1, fmt.Errorf("%d descriptors came, want 1", len(parts))
	}
	fds, err := unix.ParseUnixRights(&parts[0])
	if err != nil {
		return -1, err
	}
	return fds[0], json.Unmarshal(text[:n], message)
}

func (l *line) close() error { return unix.Close(l.fd) }
