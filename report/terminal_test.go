// SPDX-License-Identifier: Apache-2.0

package report

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/loadstone-bpf/loadstone/verdict"
)

func terminal(t *testing.T, f *verdict.File, s Screen) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Terminal(&b, f, s, "out/report.html"); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestTerminal(t *testing.T) {
	for _, name := range []string{"full", "torn", "clean", "stale", "unproved"} {
		t.Run(name, func(t *testing.T) {
			golden(t, name+".terminal.txt", terminal(t, fixture(t, name+".jsonl"), Screen{}))
		})
	}
	golden(t, "full.color.txt", terminal(t, fixture(t, "full.jsonl"), Screen{Color: true}))
}

// TestGuestCannotDriveTheTerminal looks for what a terminal would act on.
func TestGuestCannotDriveTheTerminal(t *testing.T) {
	text := string(terminal(t, fixture(t, "full.jsonl"), Screen{}))
	for _, bad := range []string{"\x1b", "\x07", "\r", "\u202e"} {
		if strings.Contains(text, bad) {
			t.Errorf("%q reaches the terminal", bad)
		}
	}
	if !strings.Contains(text, `\x1b[2J`) {
		t.Error("what the guest sent is not shown")
	}
}

func TestManyFindingsAreCutShort(t *testing.T) {
	run, vs := fixtureFile()
	for i := range vs {
		vs[i].Kind, vs[i].Reason = verdict.Fail, strings.Repeat("x", i+1)
		vs[i].Expected, vs[i].Seen, vs[i].Expectation = "", "", nil
	}
	run.Planned = len(vs)
	text := string(terminal(t, &verdict.File{Run: run, Verdicts: vs, End: &verdict.End{Complete: true}}, Screen{}))
	if got := strings.Count(text, "FAIL  "); got != onScreen {
		t.Errorf("%d findings", got)
	}
	if !strings.Contains(text, "… and 170 more like these") {
		t.Error("nobody says how many more there are")
	}
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestTerminalThatIsGone(t *testing.T) {
	if err := Terminal(fullDisk{}, fixture(t, "clean.jsonl"), Screen{}, ""); err == nil {
		t.Error("no error")
	}
}

func TestPlainSpellsOutWhatATerminalObeys(t *testing.T) {
	tests := map[string]string{
		"plain, übrig, 日本":   "plain, übrig, 日本",
		"a\tb\nc":            "a\tb\nc",
		"\x1b[31m\a\b\x7f":   `\x1b[31m\x07\x08\x7f`,
		"\r\x9b":             `\x0d` + "\uFFFD",
		"\u202e\u2066\u200b": `\u202e\u2066\u200b`,
		"\u0085":             `\x85`,
	}
	for in, want := range tests {
		if got := printable(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}
