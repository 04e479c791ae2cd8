// SPDX-License-Identifier: Apache-2.0

package loader

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

// A golden file is compared line by line with what a test found.
func golden(t *testing.T, name string, lines []string) {
	t.Helper()
	got := strings.Join(lines, "\n") + "\n"
	if *update {
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-update writes it anew):\n%s", name, diff)
	}
}

// TestWireBytes holds what goes over the wire: every message empty, and with something in every
// field, and what becomes of messages that are wrong. None of it changes within a version.
func TestWireBytes(t *testing.T) {
	var lines []string
	add := func(text []byte, err error) {
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, string(text))
	}
	for _, op := range Ops() {
		add(encodeRequest(7, "", blanks[op]))
		add(encodeRequest(7, "a.b", filled(t, blanks[op])))
	}
	for _, reply := range []Reply{&OK{}, &Unsupported{}, &Rejected{}, &Error{}} {
		add(encodeReply(7, reply))
		add(encodeReply(7, filled(t, reply)))
	}
	for _, tt := range everyReply {
		add(encodeReply(7, tt.reply))
	}
	golden(t, "testdata/wire.golden", lines)
}

func TestFaultsOfMessages(t *testing.T) {
	var lines []string
	for _, tt := range badReplies {
		_, err := decodeReply(tt.op, []byte(tt.line))
		lines = append(lines, fmt.Sprintf("%s: %v", tt.fault, err))
	}
	for _, tt := range badRequests {
		_, _, err := decodeRequest([]byte(tt.line))
		lines = append(lines, fmt.Sprintf("%s: %v", tt.fault, err))
	}
	golden(t, "testdata/faults.golden", lines)
}

func TestClassOfEachErrno(t *testing.T) {
	var lines []string
	for errno := syscall.Errno(0); errno <= maxErrno+1; errno++ {
		if class := ClassOf(errno); class != Unclassified {
			lines = append(lines, fmt.Sprintf("%d %s", int(errno), class))
		}
	}
	golden(t, "testdata/errnos.golden", lines)
}
