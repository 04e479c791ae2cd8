// SPDX-License-Identifier: Apache-2.0

package machine

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
)

const (
	// maxConsole is how many bytes of a console are kept in its file.
	maxConsole = 64 << 20
	// maxTail is how many bytes of a console are kept in memory.
	maxTail = 256 << 10
)

// tail keeps the end of what is written to it. It is safe for concurrent use.
type tail struct {
	mu    sync.Mutex
	bytes []byte
}

// Write keeps b. It never fails.
func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.bytes = append(t.bytes, b...)
	// Cut rarely: moving the whole tail for each byte of a serial line would
	// cost more than the guest.
	if len(t.bytes) > 2*maxTail {
		t.bytes = append(t.bytes[:0], t.bytes[len(t.bytes)-maxTail:]...)
	}
	return len(b), nil
}

// Bytes returns a copy of the end.
func (t *tail) Bytes() []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	return bytes.Clone(t.bytes[max(0, len(t.bytes)-maxTail):])
}

// console keeps what a guest's console says and notices a kernel that dies.
type console struct {
	tail
	file  *os.File  // nil for none
	room  int       // bytes that may still be written to file
	line  []byte    // the line that is not complete
	watch io.Writer // told everything as it comes; nil for none

	mu       sync.Mutex
	panicked chan struct{} // closed at the first "Kernel panic"
	sysrq    chan struct{} // has an item when the kernel has answered a SysRq
	death    death
}

// death holds what a dying kernel said.
type death struct {
	panic, oops string // the lines, "" if there was none
}

// newConsole returns a console that is kept in the file of this name, if any,
// and told to watch, if any.
func newConsole(name string, watch io.Writer) (*console, error) {
	c := &console{
		watch: watch, panicked: make(chan struct{}), sysrq: make(chan struct{}, 1),
		room: maxConsole,
	}
	if name == "" {
		return c, nil
	}
	f, err := os.Create(name)
	if err != nil {
		return nil, fmt.Errorf("console: %w", err)
	}
	c.file = f
	return c, nil
}

// read reads the console until the guest is gone.
func (c *console) read(r io.Reader) error {
	b := make([]byte, 16<<10)
	for {
		n, err := r.Read(b)
		c.take(b[:n])
		if err == io.EOF {
			err = nil
		} else if err == nil {
			continue
		}
		if c.file != nil {
			err = errors.Join(err, c.file.Close())
		}
		return err
	}
}

func (c *console) take(b []byte) {
	// Keeping the console must not stop the guest: what cannot be written
	// (a full disk) is left to the tail.
	if n := min(len(b), c.room); c.file != nil && n > 0 {
		if _, err := c.file.Write(b[:n]); err != nil {
			n = c.room
		}
		c.room -= n
	}
	_, _ = c.tail.Write(b)
	if c.watch != nil {
		// A watcher that is gone must not stop the guest.
		_, _ = c.watch.Write(b)
	}
	for len(b) > 0 {
		part, rest, found := bytes.Cut(b, []byte{'\n'})
		// No line that matters is longer.
		if len(c.line) < 1024 {
			c.line = append(c.line, part...)
		}
		b = rest
		if found {
			c.notice(string(bytes.TrimRight(c.line, "\r")))
			c.line = c.line[:0]
		}
	}
}

// What a dying kernel prints (kernel/panic.c, arch/x86/kernel/dumpstack.c, arch/x86/mm/fault.c),
// somewhere in a line: it may interrupt a program that is printing. A program that prints the same
// changes nothing, since these count only for a machine that did not end in order.
const (
	panicLine = "Kernel panic - not syncing"
	sysrqLine = "sysrq: " // and what the key does
)

var oopsLines = []string{
	"Oops: ", "BUG: unable to handle", "BUG: kernel NULL pointer", "kernel BUG at ",
	"general protection fault", "Internal error: ",
}

// notice looks at one line.
func (c *console) notice(line string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if i := strings.Index(line, panicLine); i >= 0 && c.death.panic == "" {
		c.death.panic = line[i:]
		close(c.panicked)
	}
	if strings.Contains(line, sysrqLine) {
		select {
		case c.sysrq <- struct{}{}:
		default:
		}
	}
	for _, oops := range oopsLines {
		if i := strings.Index(line, oops); i >= 0 && c.death.oops == "" {
			c.death.oops = line[i:]
		}
	}
}

// died returns the first panic and oops lines.
func (c *console) died() death {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.death
}

// backtrace returns the part of a console that begins with the first sign of
// the kernel's death, or with the answer to our asking where it hangs.
func backtrace(console []byte) string {
	offset := 0
	for line := range bytes.Lines(console) {
		if beginsBacktrace(string(line)) {
			return strings.ReplaceAll(string(console[offset:]), "\r\n", "\n")
		}
		offset += len(line)
	}
	return ""
}

func beginsBacktrace(line string) bool {
	for _, begin := range slices.Concat([]string{
		panicLine, sysrqLine, "NMI backtrace", "Uhhuh. NMI", "watchdog: BUG",
	}, oopsLines) {
		if strings.Contains(line, begin) {
			return true
		}
	}
	return false
}
