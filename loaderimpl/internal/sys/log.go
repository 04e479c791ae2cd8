// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"bytes"
	"math"
	"strings"

	"golang.org/x/sys/unix"
)

// Sizes of the kernel's logs, in bytes.
const (
	maxLog = 16 << 20 // that are handed out

	// btfLog has the largest buffer that every kernel takes for types (5.10, btf_parse).
	btfLog = math.MaxUint32 >> 8

	// wholeLog has the largest buffer that kernels take for a program (bpf_verifier_log_attr_valid;
	// 7a9f5c65abcc, "bpf: increase verifier log limit").
	wholeLog = math.MaxUint32 >> 2
)

// mostLog returns how large a buffer has to be for the end of a verifier's log to be in it. Since
// Linux 6.4 the kernel keeps the end of what does not fit (1216640938035, "bpf: Switch BPF verifier
// log to be a rotating log by default"). Before it keeps the beginning, so the whole has to fit; of
// memory it takes what the kernel writes to.
func mostLog() int {
	if before(6, 4) {
		return wholeLog
	}
	return maxLog
}

// A logBuffer holds what the kernel writes of one program or of types. The kernel's text ends with
// a zero byte.
type logBuffer struct {
	mem    []byte
	mapped bool
}

// newLogBuffer returns a buffer of so many bytes, or of maxLog where the process may not have as
// much.
func newLogBuffer(size int) *logBuffer {
	mem, err := unix.Mmap(-1, 0, size, unix.PROT_READ|unix.PROT_WRITE,
		unix.MAP_PRIVATE|unix.MAP_ANONYMOUS|unix.MAP_NORESERVE)
	if err != nil {
		return &logBuffer{mem: make([]byte, min(size, maxLog))}
	}
	return &logBuffer{mem: mem, mapped: true}
}

// free gives the memory back.
func (b *logBuffer) free() {
	if b.mapped {
		// The kernel refuses no mapping that it gave out. Were it to, the memory would stay.
		_ = unix.Munmap(b.mem)
	}
	b.mem = nil
}

// text returns the last 16 MiB of the text, from the start of a line. That is cut says that the
// kernel left something out.
func (b *logBuffer) text(cut bool) string {
	text := b.mem
	if end := bytes.IndexByte(text, 0); end >= 0 {
		text = text[:end]
	}
	if len(text) > maxLog {
		text, cut = text[len(text)-maxLog:], true
	}
	if cut {
		text = text[bytes.IndexByte(text, '\n')+1:]
	}
	return string(text)
}

// LastLine returns the last line of a log that says something about the program.
func LastLine(log string) string {
	lines := strings.Split(strings.TrimSpace(log), "\n")
	for len(lines) > 1 && strings.HasPrefix(lines[len(lines)-1], "processed ") {
		lines = lines[:len(lines)-1]
	}
	return lines[len(lines)-1]
}
