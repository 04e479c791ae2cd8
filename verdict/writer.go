// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/loadstone-bpf/loadstone/vmtest/wholefile"
)

// syncEvery gives how far apart two fsyncs of a run file are at least, and so how much a power
// failure can cost. A crash of the program costs nothing: a line is handed to the kernel, whole,
// before Write returns.
const syncEvery = time.Second

var (
	// ErrDuplicate reports a second verdict on the same spec and cell.
	ErrDuplicate = errors.New("second verdict on the same spec and cell")

	// ErrUnplanned reports a verdict on a suite and cell for which the plan has none, or no more.
	ErrUnplanned = errors.New("verdict that was not planned")

	// ErrClosed reports a [Writer] that is closed.
	ErrClosed = errors.New("run file is closed")
)

// A Writer writes a run file as its verdicts come. It is safe for concurrent use.
//
// Each line is one write, so a reader sees whole lines and at most one torn one. The file is synced
// in the background, at once where the last sync is a second ago, else when it is; never more than
// a second of verdicts is lost with the machine, and no verdict waits for a disk.
type Writer struct {
	sync func() error // of the file; another one in tests

	mu      sync.Mutex
	file    *os.File
	tally   tally
	started time.Time
	notes   []string // for the last line
	err     error    // the first error: everything after it fails with it
	closed  bool

	dirty   chan struct{} // capacity 1: something was written since the last sync
	closing chan struct{} // closed by Close
	done    chan struct{} // closed when the syncer is gone
}

// Create starts a run file at path and writes its first line. An older file at path is replaced in
// one step: at any moment there is a run file with its first line at path, or none. Format is set,
// and Planned where it is 0; Planned must be the sum of the plan, and a run that plans nothing is
// an error: it could only look clean.
func Create(path string, run Run) (*Writer, error) { return start(path, run, nil) }

// start works like Create with another way to sync, for tests.
func start(path string, run Run, sync func() error) (*Writer, error) {
	run.Format = Format
	sum := 0
	for _, p := range run.Plan {
		sum += p.Specs
	}
	if run.Planned == 0 {
		run.Planned = sum
	}
	if run.Planned != sum {
		return nil, fmt.Errorf("create run file: %d verdicts are planned, the plan adds up to %d",
			run.Planned, sum)
	}
	if sum == 0 {
		return nil, errors.New("create run file: nothing is planned")
	}
	file, err := create(path, run)
	if err != nil {
		return nil, fmt.Errorf("create run file: %w", err)
	}
	return appending(file, run, newTally(run), sync), nil
}

// appending returns the writer of a file that has its first line and the verdicts of tally.
func appending(file *os.File, run Run, tally tally, sync func() error) *Writer {
	if sync == nil {
		sync = file.Sync
	}
	w := &Writer{
		sync: sync, file: file, tally: tally, started: run.Started,
		dirty: make(chan struct{}, 1), closing: make(chan struct{}), done: make(chan struct{}),
	}
	go w.syncer()
	return w
}

// create makes the file with its first line, in one step, and opens it for the lines that follow.
func create(path string, run Run) (*os.File, error) {
	line, err := marshalLine("run", run)
	if err != nil {
		return nil, err
	}
	if err := wholefile.Write(path, line, 0o644); err != nil {
		return nil, err
	}
	if err := syncFolder(filepath.Dir(path)); err != nil {
		return nil, err
	}
	return os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
}

// syncFolder makes the names in a folder outlast a loss of power.
func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// Write appends a verdict. It returns an error wrapping [ErrDuplicate] or [ErrUnplanned] for one
// that the plan has no room for, and then writes nothing; any other error is of the file, and
// stays: what was not written once is not made up for by what comes later.
func (w *Writer) Write(v Verdict) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return ErrClosed
	}
	if w.err != nil {
		return w.err
	}
	if err := v.check(); err != nil {
		return fmt.Errorf("write verdict on %s, %s: %w", v.Spec, v.Cell, err)
	}
	if err := w.tally.room(v); err != nil {
		return fmt.Errorf("write verdict: %w", err)
	}
	if err := w.append("verdict", v); err != nil {
		return err
	}
	w.tally.add(v)
	return nil
}

// Note keeps what is to be known of the run beside its verdicts for the last line: a sentence
// without its full stop.
func (w *Writer) Note(text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.notes = append(w.notes, text)
}

// Counts returns how many verdicts of each kind were written so far.
func (w *Writer) Counts() map[Kind]int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.tally.counts()
}

// Close writes the last line, syncs and closes the file. reason says why the run ended before its
// plan was done, and is else empty; problems are what is wrong beyond single specs. A second Close
// does nothing.
//
// The file is complete if no reason is given and every planned verdict was written.
func (w *Writer) Close(reason string, problems []string) error {
	w.mu.Lock()
	if w.closed {
		w.mu.Unlock()
		return nil
	}
	w.closed = true
	if w.err == nil {
		owed := w.tally.owed()
		if owed > 0 && reason == "" {
			reason = fmt.Sprintf("%d planned verdicts are not there", owed)
		}
		w.append("end", End{
			Verdicts: w.tally.counts(), Complete: owed == 0 && reason == "", Reason: reason,
			Problems: problems, Notes: w.notes,
			DurationMS: max(0, time.Since(w.started).Milliseconds()),
		})
	}
	close(w.closing)
	w.mu.Unlock()

	<-w.done
	w.mu.Lock()
	defer w.mu.Unlock()
	w.fail(w.sync())
	w.fail(w.file.Close())
	return w.err
}

// append writes one line. w.mu is held.
func (w *Writer) append(typ string, v any) error {
	line, err := marshalLine(typ, v)
	if err != nil {
		return err
	}
	if _, err := w.file.Write(line); err != nil {
		w.fail(err)
		return w.err
	}
	select {
	case w.dirty <- struct{}{}:
	default:
	}
	return nil
}

// fail keeps the first error. w.mu is held.
func (w *Writer) fail(err error) {
	if err != nil && w.err == nil {
		w.err = fmt.Errorf("write run file: %w", err)
	}
}

// syncer syncs the file whenever something was written, at most once in syncEvery, until the writer
// closes, which syncs what is left.
func (w *Writer) syncer() {
	defer close(w.done)
	pause := time.NewTimer(0)
	defer pause.Stop()
	for {
		select {
		case <-w.closing:
			return
		case <-pause.C:
		}
		select {
		case <-w.closing:
			return
		case <-w.dirty:
		}
		if err := w.sync(); err != nil {
			w.mu.Lock()
			w.fail(err)
			w.mu.Unlock()
		}
		pause.Reset(syncEvery)
	}
}

// marshalLine returns v as a line, with its type as the first key.
func marshalLine(typ string, v any) ([]byte, error) {
	body, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("marshal %s line: %w", typ, err)
	}
	line := fmt.Appendf(nil, `{"type":%q,`, typ)
	return append(append(line, body[1:]...), '\n'), nil
}
