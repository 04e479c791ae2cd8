// SPDX-License-Identifier: Apache-2.0

package machine

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestTasksPerCore(t *testing.T) {
	for text, want := range map[string]float64{
		"0.20 0.18 0.12 1/80 11206\n":       0, // the reader
		"0.20 0.18 0.12 0/80 11206\n":       0,
		"22.17 12.37 5.82 21/120 31545\n":   10,
		"1.00 1.00 1.00 4294967295/1 1\n":   2147483647,
		"22.17 12.37 5.82 21/120\n":         -1,
		"22.17 12.37 5.82 many/120 31545\n": -1,
		"":                                  -1,
	} {
		got, err := tasksPerCore(text, 2)
		if want < 0 {
			if err == nil {
				t.Errorf("%q: %v, want an error", text, got)
			}
		} else if got != want || err != nil {
			t.Errorf("%q: %v, %v, want %v", text, got, err, want)
		}
	}
}

func TestSchedstatThatIsNone(t *testing.T) {
	for _, text := range []string{"", "1 2", "1 2 3 4", "one 2 3", "1 two 3"} {
		if got, err := parseSchedstat(text); err == nil {
			t.Errorf("%q: %v, want an error", text, got)
		}
	}
}

// A thread's time counts once it has ended, and that of another that has its number later counts
// beside it.
func TestThreadsComeAndGo(t *testing.T) {
	dir := t.TempDir()
	say := func(tid, text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Join(dir, tid), 0o755); err != nil {
			t.Fatal(err)
		}
		err := os.WriteFile(filepath.Join(dir, tid, "schedstat"), []byte(text), 0o644)
		if err != nil {
			t.Fatal(err)
		}
	}
	threads := &threads{dir: dir, each: map[string]CPUTime{}}
	reads := func(ran, waited time.Duration) {
		t.Helper()
		got, err := threads.read()
		if want := (CPUTime{ran, waited}); err != nil || got != want {
			t.Errorf("read %v, %v, want %v", got, err, want)
		}
	}
	say("1", "100 10 1\n")
	reads(100, 10)
	say("2", "50 5 1\n")
	reads(150, 15)
	if err := os.RemoveAll(filepath.Join(dir, "2")); err != nil {
		t.Fatal(err)
	}
	say("1", "101 10 2\n")
	reads(151, 15)
	say("2", "7 7 1\n")
	reads(158, 22)
	say("2", "3 3 1\n") // another again
	reads(161, 25)
}

func TestThreadsOfAnEndedProcess(t *testing.T) {
	threads := &threads{dir: filepath.Join(t.TempDir(), "missing")}
	if got, err := threads.read(); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v, %v, want %v", got, err, fs.ErrNotExist)
	}
}

func TestAKernelWithoutSchedstat(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "1"), 0o755); err != nil {
		t.Fatal(err)
	}
	threads := &threads{dir: dir}
	if got, err := threads.read(); !errors.Is(err, errNoCPUTime) {
		t.Errorf("%v, %v, want %v", got, err, errNoCPUTime)
	}
}

func TestStretch(t *testing.T) {
	for name, tt := range map[string]struct {
		load Load
		want float64
		text string
	}{
		"unknown": {Load{}, 0, "host's load unknown"},
		"alone": {Load{CPU: CPUTime{Ran: time.Second}, tasks: 3, looks: 2}, 1,
			"host's load: 1.5 runnable tasks per core, QEMU slowed 1.0 times"},
		"starved": {Load{CPU: CPUTime{time.Second, 10 * time.Second}, tasks: 24, looks: 2}, 11,
			"host's load: 12.0 runnable tasks per core, QEMU slowed 11.0 times"},
		"by tasks": {Load{tasks: 24, looks: 2}, 12,
			"host's load: 12.0 runnable tasks per core, QEMU slowed 12.0 times"},
		"by no tasks": {Load{looks: 2}, 1,
			"host's load: 0.0 runnable tasks per core, QEMU slowed 1.0 times"},
	} {
		if got := tt.load.Stretch(); got != tt.want || tt.load.String() != tt.text {
			t.Errorf("%s: %v, %q, want %v, %q", name, got, tt.load, tt.want, tt.text)
		}
	}
}

func TestLoadOfAPart(t *testing.T) {
	before := Load{CPU: CPUTime{time.Second, 9 * time.Second}, tasks: 20, looks: 2}
	after := Load{CPU: CPUTime{3 * time.Second, 9 * time.Second}, tasks: 21, looks: 3}
	part := after.Since(before)
	if part.Stretch() != 1 || part.Tasks() != 1 {
		t.Errorf("stretch %v, tasks %v, want 1 and 1", part.Stretch(), part.Tasks())
	}
}
