// SPDX-License-Identifier: Apache-2.0

package guest

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

var (
	// ErrKmsgOverrun reports that the kernel dropped log entries before
	// they were read: a log with a hole proves nothing.
	ErrKmsgOverrun = errors.New("kernel log overrun")

	errKmsgEntry = errors.New("malformed kernel log entry")
)

// KmsgEntry describes one entry of the kernel's log
// (Documentation/ABI/testing/dev-kmsg).
type KmsgEntry struct {
	// Level is the log level, 0 (emergency) to 7 (debug). Facility is 0 for
	// the kernel, and not for a program that wrote to /dev/kmsg.
	Level, Facility int
	Seq             uint64        // counts from 0 at boot
	Time            time.Duration // since boot
	Text            string        // without the dictionary
}

// Kmsg reads the kernel's log. It is not safe for concurrent use.
type Kmsg struct {
	fd   int
	next uint64
	// entry is read into. The kernel returns EINVAL for a buffer that is too
	// small; its own has PRINTKRB_RECORD_MAX bytes, 2 KiB at most since 6.2
	// and 8 KiB before.
	entry [16 << 10]byte
}

// OpenKmsg opens the log at its beginning. In a guest it is open already, as
// [Guest.Kmsg], and what [Kmsg.Entries] first returns begins with the boot.
func OpenKmsg() (*Kmsg, error) {
	fd, err := unix.Open("/dev/kmsg", unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("open kernel log: %w", err)
	}
	return &Kmsg{fd: fd}, nil
}

// Close closes the log.
func (k *Kmsg) Close() error { return unix.Close(k.fd) }

// Entries returns the entries since the last call, or since boot. If some were
// dropped, it returns those that are left and an error wrapping
// [ErrKmsgOverrun]; the next call goes on after them.
func (k *Kmsg) Entries() ([]KmsgEntry, error) {
	var entries []KmsgEntry
	var overrun error
	for {
		entry, err := k.read()
		switch {
		case errors.Is(err, unix.EAGAIN):
			return entries, overrun
		case errors.Is(err, unix.EPIPE):
			overrun = ErrKmsgOverrun
			continue
		case err != nil:
			return entries, err
		case entry.Seq != k.next:
			overrun = fmt.Errorf("%w: entries %d to %d are gone", ErrKmsgOverrun, k.next,
				entry.Seq-1)
		}
		k.next = entry.Seq + 1
		entries = append(entries, entry)
	}
}

// read reads one entry.
func (k *Kmsg) read() (KmsgEntry, error) {
	for {
		n, err := unix.Read(k.fd, k.entry[:])
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return KmsgEntry{}, fmt.Errorf("read kernel log: %w", err)
		}
		return parseKmsg(string(k.entry[:n]))
	}
}

// parseKmsg parses "priority,sequence,microseconds,flags[,…];text\n" and the
// lines of the dictionary after it.
func parseKmsg(s string) (KmsgEntry, error) {
	prefix, text, ok := strings.Cut(s, ";")
	fields := strings.Split(prefix, ",")
	if !ok || len(fields) < 4 {
		return KmsgEntry{}, fmt.Errorf("%w: %q", errKmsgEntry, s)
	}
	priority, err := strconv.ParseUint(fields[0], 10, 31)
	if err != nil {
		return KmsgEntry{}, fmt.Errorf("%w: priority: %w", errKmsgEntry, err)
	}
	seq, err := strconv.ParseUint(fields[1], 10, 64)
	if err != nil {
		return KmsgEntry{}, fmt.Errorf("%w: sequence: %w", errKmsgEntry, err)
	}
	micros, err := strconv.ParseInt(fields[2], 10, 52)
	if err != nil {
		return KmsgEntry{}, fmt.Errorf("%w: time: %w", errKmsgEntry, err)
	}
	text, _, _ = strings.Cut(text, "\n")
	return KmsgEntry{
		Level:    int(priority & 7),
		Facility: int(priority >> 3),
		Seq:      seq,
		Time:     time.Duration(micros) * time.Microsecond,
		Text:     text,
	}, nil
}
