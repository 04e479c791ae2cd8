// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

func TestSplatsAreFoundAndNothingElse(t *testing.T) {
	logs, err := txtar.ParseFile("testdata/splats.txtar")
	if err != nil {
		t.Fatal(err)
	}
	scanner, err := splatScanner()
	if err != nil {
		t.Fatal(err)
	}
	covered := make(map[string]bool)
	for _, log := range logs.Files {
		t.Run(log.Name, func(t *testing.T) {
			want, _, _ := strings.Cut(log.Name, "/")
			var ids []string
			for _, s := range scanner.Scan(strings.Split(strings.TrimSuffix(string(log.Data), "\n"),
				"\n")) {
				ids = append(ids, s.ID)
				covered[s.ID] = true
			}
			if got := strings.Join(ids, "+"); got != want && !(got == "" && want == "clean") {
				t.Errorf("found %q, want %q", got, want)
			}
		})
	}
	for _, p := range scanner.patterns {
		// The end of a trace belongs to what it is the end of.
		if !covered[p.ID] && p.ID != "end-trace" {
			t.Errorf("no log of testdata/splats.txtar shows a splat that %q finds", p.ID)
		}
	}
}

// TestBootOfRealKernels scans consoles as QEMU kept them: Debian's cloud kernels under TCG, without
// a root file system. Nothing in them is a complaint but the panic at the end.
func TestBootOfRealKernels(t *testing.T) {
	logs, err := filepath.Glob("testdata/boot/*.log")
	if err != nil || len(logs) == 0 {
		t.Fatalf("logs %v, %v", logs, err)
	}
	scanner, err := splatScanner()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range logs {
		t.Run(filepath.Base(name), func(t *testing.T) {
			log, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			found := scanner.Scan(strings.Split(string(log), "\n"))
			if len(found) != 1 || found[0].ID != "panic" || found[0].Means != SplatCrash {
				t.Errorf("found %+v", found)
			}
		})
	}
}

func TestSplatHoldsItsTraceAndNoMore(t *testing.T) {
	scanner, err := splatScanner()
	if err != nil {
		t.Fatal(err)
	}
	lines := []string{
		"[    1.000000] before",
		"[    1.000001] ------------[ cut here ]------------",
		"[    1.000002] refcount_t: underflow; use-after-free.",
		"[    1.000003] WARNING: CPU: 0 PID: 77 at lib/refcount.c:28 x",
		"[    1.000004] ---[ end trace 0000000000000000 ]---",
		"[    1.000005] after",
	}
	want := []Splat{{
		ID: "refcount", Means: SplatOnly, Text: "refcount_t: underflow; use-after-free.",
		Lines: lines[1:5],
	}}
	if diff := cmp.Diff(want, scanner.Scan(lines)); diff != "" {
		t.Error(diff)
	}
}

const exceptionList = `
patterns:
  - {id: warning, means: splat, match: 'WARNING: CPU: \d+ PID: \d+ '}
  - {id: cut-here, means: splat, generic: true, match: '-+\[ cut here \]-+'}
exceptions:
  - match: 'WARNING: CPU: \d+ PID: \d+ at kernel/trace/bpf_trace\.c:\d+ '
    reason: known, and harmless
    kernels: ">=6.8,<6.9"
    until: 2027-06-30
`

func TestExceptionExcusesOneSplatForSomeTime(t *testing.T) {
	scanner, err := ParseSplats([]byte(exceptionList))
	if err != nil {
		t.Fatal(err)
	}
	const cut = "------------[ cut here ]------------"
	excused := []string{cut, "WARNING: CPU: 0 PID: 1 at kernel/trace/bpf_trace.c:123 x"}
	other := []string{cut, "WARNING: CPU: 0 PID: 1 at kernel/bpf/core.c:123 x"}
	before, after := time.Date(2027, 6, 30, 12, 0, 0, 0, time.UTC),
		time.Date(2027, 7, 2, 0, 0, 0, 0, time.UTC)
	tests := []struct {
		name    string
		lines   []string
		release string
		now     time.Time
		found   int
	}{
		{"excused", excused, "6.8.12-amd64", before, 0},
		{"another kernel", excused, "6.9.1-amd64", before, 1},
		{"an unknown kernel", excused, "native", before, 1},
		{"past its day", excused, "6.8.12-amd64", after, 1},
		{"another place", other, "6.8.12-amd64", before, 1},
		{"excused beside another", append(append([]string{}, excused...), other...), "6.8.12-amd64", before, 1},
		{"excused in one trace with another", append(append([]string{}, excused...), other[1:]...), "6.8.12-amd64", before, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := scanner.on(tt.release, tt.now).Scan(tt.lines); len(got) != tt.found {
				t.Errorf("found %+v, want %d", got, tt.found)
			}
		})
	}
}

// Each warning taints the kernel: an exception that left that out would excuse nothing.
func TestTheTaintOfAnExcusedWarningIsExcused(t *testing.T) {
	scanner, err := ParseSplats([]byte(exceptionList))
	if err != nil {
		t.Fatal(err)
	}
	const known, died = "WARNING: CPU: 0 PID: 1 at kernel/trace/bpf_trace.c:123 x", 1 << 7
	now := time.Date(2027, 6, 30, 12, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		lines   []string
		release string
		tainted uint64
		found   int
	}{
		{[]string{known}, "6.8.12", warned, 0},
		{[]string{known}, "6.8.12", warned | died, 1},
		{[]string{known}, "6.9.1", warned, 2},
		{nil, "6.8.12", warned, 1},
	} {
		got := scanner.on(tt.release, now).Find(tt.lines, tt.tainted)
		if len(got) != tt.found {
			t.Errorf("%q on %s, taint %#x: found %+v, want %d", tt.lines, tt.release, tt.tainted, got,
				tt.found)
		}
	}
}

func TestSplatListIsReadStrictly(t *testing.T) {
	const pattern = "patterns: [{id: a, means: splat, match: A}]\n"
	tests := []struct{ name, list, complaint string }{
		{"empty file", "", "the file is empty"},
		{"no patterns", "exceptions: []", "no patterns"},
		{"unknown key", "patterns: [{id: a, means: splat, match: A, colour: red}]", "colour"},
		{"no id", "patterns: [{means: splat, match: A}]", "id, match and means"},
		{"unknown meaning", "patterns: [{id: a, means: bad, match: A}]", "id, match and means"},
		{"bad expression", "patterns: [{id: a, means: splat, match: '('}]", "missing closing )"},
		{"empty expression", "patterns: [{id: a, means: splat, match: ''}]", "matches everything"},
		{"expression for everything", "patterns: [{id: a, means: splat, match: '.*'}]", "matches everything"},
		{"exception without a reason", pattern + "exceptions: [{match: A}]", "match and reason are needed"},
		{"exception with a blank reason", pattern + "exceptions: [{match: A, reason: ' '}]", "match and reason are needed"},
		{"exception for everything", pattern + "exceptions: [{match: '.*', reason: no}]", "matches everything"},
		{"exception without a match", pattern + "exceptions: [{reason: no}]", "match and reason are needed"},
		{"bad kernels", pattern + "exceptions: [{match: A, reason: no, kernels: new}]", "no range of versions"},
		{"bad day", pattern + "exceptions: [{match: A, reason: no, until: soon}]", "no day"},
		{"two documents", pattern + "---\n" + pattern, "more than one document"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := ParseSplats([]byte(tt.list)); err == nil ||
				!strings.Contains(err.Error(), tt.complaint) {
				t.Errorf("got %v, want a complaint about %q", err, tt.complaint)
			}
		})
	}
}

// TestNoExceptionIsPastItsDay fails on the day on which an exception of ours has to be looked at
// again.
func TestNoExceptionIsPastItsDay(t *testing.T) {
	scanner, err := splatScanner()
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range scanner.exceptions {
		if e.Until.past(time.Now()) {
			t.Errorf("exception %s is past its day, %s", e.Match, e.Until.Format(time.DateOnly))
		}
	}
}

func TestRange(t *testing.T) {
	tests := []struct {
		in, version string
		want        bool
	}{
		{"", "6.12.5", true}, {"", "anything", true},
		{"<6.1", "6.0.19", true}, {"<6.1", "6.1.0", false}, {"<6.1", "6.1.5-amd64", false}, {"<6.10", "6.9", true}, {"<6.1", "6.10", false},
		{"<=6.1", "6.1.99", true}, {">6.1", "6.1.99", false}, {">6.1", "6.2-rc1", true},
		{">=5.10,<6.12", "6.1", true}, {">=5.10, <6.12", "6.12.3", false}, {">=5.10,<6.12", "5.9", false},
		{"6.12", "6.12.0-160000.9-default", true}, {"=6.12", "6.12.1", true}, {"6.12", "6.1.2", false}, {"6.12.3", "6.12", false}, {"6.12.0", "6.12", true},
		{"7.3", "v7.3.0-rc2", true}, {"<6.1", "native", false}, {">5", "", false},
		{"~6.1", "6.1", false}, // cannot be read, and so holds nothing
	}
	for _, tt := range tests {
		if got := Range(tt.in).Holds(tt.version); got != tt.want {
			t.Errorf("%q holds %q: %t, want %t", tt.in, tt.version, got, tt.want)
		}
	}
}

func FuzzScan(f *testing.F) {
	logs, err := txtar.ParseFile("testdata/splats.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, log := range logs.Files {
		f.Add(string(log.Data))
	}
	scanner, err := splatScanner()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, log string) {
		for _, s := range scanner.Scan(strings.Split(log, "\n")) {
			if s.ID == "" || s.Means == "" || len(s.Lines) == 0 || len(s.Lines) > keptSplat {
				t.Errorf("a splat that says nothing: %+v", s)
			}
		}
	})
}
