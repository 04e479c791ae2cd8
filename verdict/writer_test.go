// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func plan(specs int) Run {
	return Run{
		ID: "r1", Started: time.Now(), Suites: []string{"mapdefs"},
		Kernels: []Kernel{{Name: "6.12"}}, Loaders: []Loader{{Name: "libbpf@1.1"}},
		Plan: []Part{{Loader: "libbpf@1.1", Kernel: "6.12", Suite: "mapdefs", Specs: specs}},
	}
}

func pass(spec string) Verdict {
	return Verdict{
		Spec: spec, Requirement: []string{spec}, Suite: "mapdefs", Cell: cell, Kind: Pass,
		DurationMS: 12,
	}
}

func create1(t *testing.T, run Run) (*Writer, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "run.jsonl")
	w, err := Create(path, run)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close("", nil) })
	return w, path
}

// TestContract holds the file that other tools rely on, to the letter.
func TestContract(t *testing.T) {
	run := plan(2)
	run.Started = time.Date(2026, 11, 21, 22, 0, 0, 0, time.UTC)
	w, path := create1(t, run)
	failed := pass(two)
	failed.Kind, failed.Reason = Fail, "ok; map 41"
	for _, v := range []Verdict{pass(one), failed} {
		if err := w.Write(v); err != nil {
			t.Fatal(err)
		}
	}
	w.Note("6.12 was booted twice")
	w.started = time.Now().Add(time.Hour) // a clock that went back makes no negative duration
	if err := w.Close("", []string{"an entry is stale"}); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"type":"run","format":1,"id":"r1","started":"2026-11-21T22:00:00Z","loadstone":{"version":""},"host":{},"kernels":[{"name":"6.12"}],"loaders":[{"name":"libbpf@1.1"}],"suites":["mapdefs"],"plan":[{"loader":"libbpf@1.1","kernel":"6.12","suite":"mapdefs","specs":2}],"planned":2,"guest":"","command":null}
{"type":"verdict","spec":"mapdefs.one","requirement":["mapdefs.one"],"suite":"mapdefs","loader":"libbpf","loader_version":"1.1","kernel":"6.12","kernel_release":"6.12.48-cloud-amd64","verdict":"pass","reason":"","duration_ms":12}
{"type":"verdict","spec":"mapdefs.two","requirement":["mapdefs.two"],"suite":"mapdefs","loader":"libbpf","loader_version":"1.1","kernel":"6.12","kernel_release":"6.12.48-cloud-amd64","verdict":"fail","reason":"ok; map 41","duration_ms":12}
{"type":"end","verdicts":{"fail":1,"pass":1},"complete":true,"problems":["an entry is stale"],"notes":["6.12 was booted twice"],"duration_ms":0}
`
	if diff := cmp.Diff(want, string(data)); diff != "" {
		t.Error(diff)
	}
	f, err := ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]Verdict{pass(one), failed}, f.Verdicts); diff != "" {
		t.Error(diff)
	}
}

func TestCellsWriteAtOnce(t *testing.T) {
	const cells, specs = 8, 50
	run := Run{ID: "r1"}
	for c := range cells {
		run.Plan = append(run.Plan,
			Part{Loader: "reference", Kernel: fmt.Sprint(c), Suite: "mapdefs", Specs: specs})
	}
	w, path := create1(t, run)
	var wg sync.WaitGroup
	for c := range cells {
		wg.Go(func() {
			for s := range specs {
				v := pass(fmt.Sprintf("mapdefs.%d", s))
				v.Cell = Cell{Loader: "reference", Kernel: fmt.Sprint(c)}
				v.Detail = strings.Repeat("x", 10_000)
				if err := w.Write(v); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if err := w.Close("", nil); err != nil {
		t.Fatal(err)
	}
	f, err := ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if len(f.Verdicts) != cells*specs || !f.Complete() {
		t.Errorf("%d verdicts, complete %t", len(f.Verdicts), f.Complete())
	}
}

// TestEachLineIsThereAtOnce reads the file while it is written, as after a crash of the program at
// that moment.
func TestEachLineIsThereAtOnce(t *testing.T) {
	w, path := create1(t, plan(2))
	for i, spec := range []string{one, two} {
		if err := w.Write(pass(spec)); err != nil {
			t.Fatal(err)
		}
		f, err := ReadFile(path)
		if !errors.Is(err, ErrIncomplete) || f == nil || len(f.Verdicts) != i+1 || f.Owed() != 1-i {
			t.Fatalf("after %d verdicts: %v, %+v", i+1, err, f)
		}
	}
}

func TestVerdictThatDoesNotFitIsRefused(t *testing.T) {
	w, _ := create1(t, plan(1))
	if err := w.Write(pass(one)); err != nil {
		t.Fatal(err)
	}
	elsewhere := pass(two)
	elsewhere.Cell.Kernel = "5.10"
	tests := []struct {
		name string
		v    Verdict
		want error
	}{
		{"second on the same spec", pass(one), ErrDuplicate},
		{"more than planned", pass(two), ErrUnplanned},
		{"cell not planned", elsewhere, ErrUnplanned},
	}
	for _, tt := range tests {
		if err := w.Write(tt.v); !errors.Is(err, tt.want) {
			t.Errorf("%s: got %v, want %v", tt.name, err, tt.want)
		}
	}
	if err := w.Close("", nil); err != nil {
		t.Errorf("refusals stay with the writer: %v", err)
	}
}

func TestVerdictThatSaysTooLittleIsRefused(t *testing.T) {
	w, _ := create1(t, plan(1))
	tests := []struct {
		complaint string
		spoil     func(*Verdict)
	}{
		{"no spec", func(v *Verdict) { v.Spec = "" }},
		{"no suite", func(v *Verdict) { v.Suite = "" }},
		{"no loader", func(v *Verdict) { v.Loader = "" }},
		{"no kernel", func(v *Verdict) { v.Cell.Kernel = "" }},
		{`unknown verdict "green"`, func(v *Verdict) { v.Kind = "green" }},
		{`unknown verdict ""`, func(v *Verdict) { v.Kind = "" }},
		{"skip without a reason", func(v *Verdict) { v.Kind = Skip }},
		{`unknown level "may"`, func(v *Verdict) { v.Level = "may" }},
		{"duration of -1 ms", func(v *Verdict) { v.DurationMS = -1 }},
	}
	for _, tt := range tests {
		v := pass(one)
		tt.spoil(&v)
		if err := w.Write(v); err == nil || !strings.Contains(err.Error(), tt.complaint) {
			t.Errorf("got %v, want a complaint of %q", err, tt.complaint)
		}
	}
}

func TestPlanThatDoesNotAddUp(t *testing.T) {
	run := plan(2)
	run.Planned = 3
	path := filepath.Join(t.TempDir(), "run.jsonl")
	if _, err := Create(path, run); err == nil || !strings.Contains(err.Error(), "adds up to 2") {
		t.Errorf("got %v", err)
	}
	if _, err := Create(path, plan(0)); err == nil ||
		!strings.Contains(err.Error(), "nothing is planned") {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("something was written: %v", err)
	}
}

func TestFolderThatIsNotThere(t *testing.T) {
	if _, err := Create(filepath.Join(t.TempDir(), "none", "run.jsonl"), plan(1)); !errors.Is(err,
		os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

// TestOlderRunIsReplacedWhole leaves nothing of it behind, and no temporary file.
func TestOlderRunIsReplacedWhole(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "run.jsonl")
	if err := os.WriteFile(path, []byte(strings.Repeat("old\n", 1000)), 0o644); err != nil {
		t.Fatal(err)
	}
	w, err := Create(path, plan(1))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Write(pass(one)), w.Close("", nil)); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadFile(path); err != nil {
		t.Error(err)
	}
	if files, _ := os.ReadDir(dir); len(files) != 1 {
		t.Errorf("files: %v", files)
	}
}

func TestNothingIsWrittenAfterTheEnd(t *testing.T) {
	w, _ := create1(t, plan(1))
	if err := w.Close("interrupted", nil); err != nil {
		t.Fatal(err)
	}
	if err := w.Write(pass(one)); !errors.Is(err, ErrClosed) {
		t.Errorf("got %v", err)
	}
	if err := w.Close("", nil); err != nil {
		t.Errorf("second close: %v", err)
	}
}

func TestRunThatStoppedSaysSo(t *testing.T) {
	tests := []struct{ reason, want string }{
		{"interrupted", "interrupted, 0 of 1 verdicts are there"},
		{"", "1 planned verdicts are not there, 0 of 1"},
	}
	for _, tt := range tests {
		w, path := create1(t, plan(1))
		if err := w.Close(tt.reason, nil); err != nil {
			t.Fatal(err)
		}
		f, err := ReadFile(path)
		if !errors.Is(err, ErrIncomplete) || !strings.Contains(err.Error(), tt.want) ||
			f.Complete() {
			t.Errorf("%q: got %v", tt.reason, err)
		}
	}
}

// TestFullDiskStays makes a write fail: all that comes later fails too, and the file does not claim
// to be whole.
func TestFullDiskStays(t *testing.T) {
	w, path := create1(t, plan(2))
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	w.mu.Lock()
	w.file.Close()
	w.file = full
	w.mu.Unlock()
	for _, spec := range []string{one, two} {
		if err := w.Write(pass(spec)); err == nil ||
			!strings.Contains(err.Error(), "no space left") {
			t.Errorf("got %v", err)
		}
	}
	if err := w.Close("", nil); err == nil {
		t.Error("close says that all is well")
	}
	if _, err := ReadFile(path); !errors.Is(err, ErrIncomplete) {
		t.Errorf("got %v", err)
	}
}

func TestSyncThatFailsIsTold(t *testing.T) {
	run := plan(2)
	run.Planned = 2
	path := filepath.Join(t.TempDir(), "run.jsonl")
	failed := make(chan struct{})
	var once sync.Once
	w, err := start(path, run, func() error {
		once.Do(func() { close(failed) })
		return errors.New("I/O error")
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write(pass(one)); err != nil {
		t.Fatal(err)
	}
	<-failed
	if err := w.Close("", nil); err == nil || !strings.Contains(err.Error(), "I/O error") {
		t.Errorf("got %v", err)
	}
}

// TestManyVerdictsShareASync writes far more verdicts than a second has syncs.
func TestManyVerdictsShareASync(t *testing.T) {
	const specs = 2000
	var syncs atomic.Int32
	w, err := start(filepath.Join(t.TempDir(), "run.jsonl"), plan(specs),
		func() error { syncs.Add(1); return nil })
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	for i := range specs {
		if err := w.Write(pass(fmt.Sprintf("mapdefs.%d", i))); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close("", nil); err != nil {
		t.Fatal(err)
	}
	// One at once, one a second, and the one at the end.
	if most := int32(time.Since(began)/syncEvery) + 3; syncs.Load() > most || syncs.Load() < 1 {
		t.Errorf("%d syncs, at most %d", syncs.Load(), most)
	}
}
