// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const (
	runLine  = `{"type":"run","format":1,"id":"r1","plan":[{"loader":"libbpf@1.1","kernel":"6.12","suite":"mapdefs","specs":2}],"planned":2}` + "\n"
	oneLine  = `{"type":"verdict","spec":"mapdefs.one","suite":"mapdefs","loader":"libbpf","loader_version":"1.1","kernel":"6.12","verdict":"pass"}` + "\n"
	twoLine  = `{"type":"verdict","spec":"mapdefs.two","suite":"mapdefs","loader":"libbpf","loader_version":"1.1","kernel":"6.12","verdict":"fail","reason":"no","news":1}` + "\n"
	endLine  = `{"type":"end","verdicts":{"pass":1,"fail":1,"skip":0},"complete":true}` + "\n"
	wholeRun = runLine + oneLine + twoLine + endLine
)

func TestWholeFile(t *testing.T) {
	for name, text := range map[string]string{
		"whole": wholeRun, "last newline lost": strings.TrimSuffix(wholeRun, "\n"),
	} {
		f, err := Read(strings.NewReader(text))
		if err != nil || len(f.Verdicts) != 2 || !f.Complete() || f.Owed() != 0 {
			t.Errorf("%s: %v, %+v", name, err, f)
		}
	}
}

func TestFileThatIsNotWhole(t *testing.T) {
	tests := []struct {
		name, text string
		verdicts   int
	}{
		{"first line only", runLine, 0},
		{"no end", runLine + oneLine + twoLine, 2},
		{"torn verdict", runLine + oneLine + twoLine[:40], 1},
		{"torn by a power failure", runLine + oneLine + strings.Repeat("\x00", 4096), 1},
		{"torn end", runLine + oneLine + twoLine + endLine[:20], 2},
		{"end says so", runLine + oneLine + `{"type":"end","verdicts":{"pass":1},"complete":false,"reason":"interrupted"}` + "\n", 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f, err := Read(strings.NewReader(tt.text))
			if !errors.Is(err, ErrIncomplete) || f == nil || len(f.Verdicts) != tt.verdicts ||
				f.Complete() {
				t.Fatalf("got %v, %+v", err, f)
			}
			if e, ok := f.Err().(*RunError); !ok || e.ExitCode() != 3 {
				t.Errorf("exit code of %v", f.Err())
			}
		})
	}
}

func TestFileThatIsNotToBeTrusted(t *testing.T) {
	long := `{"type":"verdict","detail":"` + strings.Repeat("x", maxLine) + `"}` + "\n"
	tests := []struct {
		name, text string
		is         error
		says       string
	}{
		{"empty", "", ErrNotRun, "it is empty"},
		{"another file", "PK\x03\x04", ErrNotRun, "line 1"},
		{"another JSON file", `{"name":"x"}` + "\n", ErrNotRun, `type ""`},
		{"no format", `{"type":"run"}` + "\n", ErrNotRun, "format 0"},
		{"from the future", `{"type":"run","format":2,"plan":7}` + "\n", ErrNewer, "format 2"},
		{"a run that is none", `{"type":"run","format":1,"plan":7}` + "\n", ErrNotRun, "line 1"},
		{"begins in the middle", oneLine + endLine, ErrNotRun, `type "verdict"`},
		{"plan that does not add up", `{"type":"run","format":1,"planned":2}` + "\n", nil, "the plan adds up to 0"},
		{"plan of nothing", `{"type":"run","format":1,"planned":0}` + "\n", nil, "adds up to 0"},
		{"plan of less than nothing", `{"type":"run","format":1,"planned":-1,"plan":[{"specs":-1}]}` + "\n", nil, "-1 specs are planned"},
		{"garbage in the middle", runLine + "garbage\n" + oneLine + twoLine + endLine, nil, "line 2"},
		{"empty line", runLine + "\n" + oneLine + twoLine + endLine, nil, "line 2"},
		{"second run", runLine + runLine, nil, `line 2: a line of type "run"`},
		{"unknown line", runLine + `{"type":"news"}` + "\n", nil, `line 2: a line of type "news"`},
		{"unknown verdict", runLine + strings.Replace(oneLine, `"pass"`, `"green"`, 1), nil, `line 2: unknown verdict "green"`},
		{"fail without a reason", runLine + strings.Replace(oneLine, `"pass"`, `"fail"`, 1), nil, "fail without a reason"},
		{"same verdict twice", runLine + oneLine + oneLine, ErrDuplicate, "line 3"},
		{"verdict that was not planned", runLine + strings.Replace(oneLine, "6.12", "5.10", 1), ErrUnplanned, "line 2"},
		{"line lost", runLine + oneLine + endLine, nil, "line 3: the end counts"},
		{"claims to be whole", runLine + oneLine + `{"type":"end","verdicts":{"pass":1},"complete":true}` + "\n", nil, "1 planned verdicts are not there"},
		{"line after the end", wholeRun + endLine, nil, "line 5: a line after the end"},
		{"torn line after the end", wholeRun + "{", nil, "line 5"},
		{"line without end", runLine + long, nil, "line 2: longer than"},
		{"first line without end", strings.Repeat("x", maxLine+1), ErrNotRun, "longer than"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f, err := Read(strings.NewReader(tt.text))
			if f != nil || err == nil || !strings.Contains(err.Error(), tt.says) || tt.is != nil &&
				!errors.Is(err, tt.is) || errors.Is(err, ErrIncomplete) {
				t.Errorf("got %v, want %v: %s", err, tt.is, tt.says)
			}
		})
	}
}

func TestReadErrorsNameTheFile(t *testing.T) {
	if _, err := ReadFile(filepath.Join(t.TempDir(), "none.jsonl")); !errors.Is(err,
		os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	path := filepath.Join(t.TempDir(), "run.jsonl")
	if err := os.WriteFile(path, []byte(runLine), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadFile(path); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("got %v", err)
	}
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, errors.New("I/O error") }

func TestFileThatCannotBeRead(t *testing.T) {
	if _, err := Read(brokenReader{}); err == nil || !strings.Contains(err.Error(), "I/O error") {
		t.Errorf("got %v", err)
	}
}

// FuzzRead holds the reader to what it says: an error without a file, a file that is incomplete, or
// one that adds up.
func FuzzRead(f *testing.F) {
	f.Add(wholeRun)
	f.Add(runLine + oneLine[:30])
	f.Add(oneLine)
	f.Fuzz(func(t *testing.T, text string) {
		file, err := Read(strings.NewReader(text))
		switch {
		case file == nil && err == nil, file != nil && err != nil && !errors.Is(err, ErrIncomplete):
			t.Fatalf("file %v with error %v", file, err)
		case file != nil && err == nil && (file.Owed() != 0 || !file.Complete()):
			t.Fatalf("a whole file that owes %d", file.Owed())
		}
	})
}
