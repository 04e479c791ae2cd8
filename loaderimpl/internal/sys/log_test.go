// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"
)

// countdown returns a program that the verifier follows for 2 n instructions; it ends with last.
func countdown(n uint32, last ...byte) []byte {
	code := []byte{0xb7, 1, 0, 0, 0, 0, 0, 0} // r1 = n
	binary.NativeEndian.PutUint32(code[4:], n)
	code = append(code, 0x17, 1, 0, 0, 1, 0, 0, 0)       // r1 -= 1
	code = append(code, 0x55, 1, 0xfe, 0xff, 0, 0, 0, 0) // if r1 != 0 goto -2
	return append(code, last...)
}

// TestALogThatDoesNotFitHidesNothing gives the verifier a buffer that is too small. With a level of
// its own the errno is that of a second attempt, which asks for no log.
func TestALogThatDoesNotFitHidesNothing(t *testing.T) {
	const size = 4096
	invalid := []byte{0x79, 0, 0, 0, 0, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0} // r0 = *(r0); exit
	p := &Program{Type: uint32(ebpf.SocketFilter), License: "GPL", Code: countdown(1000, invalid...)}
	for _, level := range []uint32{0, 2} {
		_, log, err := loadProgram(p, level, size)
		if !errors.Is(err, unix.EACCES) {
			t.Fatalf("level %d: %v, want %v", level, err, unix.EACCES)
		}
		if len(log) > size || len(log) < size/2 || !before(6, 4) && !strings.Contains(LastLine(log), "R0") {
			t.Errorf("level %d: %d bytes that end in %q", level, len(log), LastLine(log))
		}
	}
	p.Code = countdown(1000, 0xb7, 0, 0, 0, 0, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0)
	fd, log, err := loadProgram(p, 2, size)
	do(t, err)
	do(t, Close(fd))
	if len(log) < size/2 {
		t.Errorf("of a program that is taken the log has %d bytes", len(log))
	}
}

func TestALogIsCutAtALine(t *testing.T) {
	long := strings.Repeat("a line\n", maxLog/7+2)
	for name, c := range map[string]struct {
		mem  string
		cut  bool
		want string
	}{
		"whole": {"one\ntwo\n\x00\x00", false, "one\ntwo\n"},
		"cut":   {"e\ntwo\n\x00", true, "two\n"},
		"full":  {"e\ntwo\n", true, "two\n"},
		"long":  {long, false, long[len(long)-(maxLog-maxLog%7):]},
	} {
		b := logBuffer{mem: bytes.Clone([]byte(c.mem))}
		if got := b.text(c.cut); got != c.want {
			t.Errorf("%s: %d bytes, want %d", name, len(got), len(c.want))
		}
	}
}
