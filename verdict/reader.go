// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
)

// Limits of a run file. A longer line or file is not one of ours.
const (
	maxLine     = 8 << 20 // bytes
	maxVerdicts = 1 << 20
)

var (
	// ErrNotRun reports what is no run file: its first line is no run line.
	ErrNotRun = errors.New("not a run file")

	// ErrNewer reports a run file in a format that this loadstone is too old for.
	ErrNewer = errors.New("run file is newer than this loadstone")

	// ErrIncomplete reports, beside everything that was read, a run file of a run that did not come
	// to its end.
	ErrIncomplete = errors.New("run file is incomplete")
)

// A LineError reports what is wrong with one line of a run file.
type LineError struct {
	Line int // counted from 1
	Err  error
}

func (e *LineError) Error() string { return fmt.Sprintf("line %d: %v", e.Line, e.Err) }
func (e *LineError) Unwrap() error { return e.Err }

// ReadFile reads the run file at path, as [Read] does.
func ReadFile(path string) (*File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	run, err := Read(f)
	if err != nil {
		err = fmt.Errorf("%s: %w", path, err)
	}
	return run, err
}

// Read reads a run file. With an error wrapping [ErrIncomplete] it also returns the file as far as
// it goes: a last line that was torn by a crash is left out, and nothing else is. Every other error
// is about a file that is not to be trusted, and comes without one: it wraps [ErrNotRun],
// [ErrNewer], or a [LineError] with what is wrong, such as [ErrDuplicate] or [ErrUnplanned].
func Read(r io.Reader) (*File, error) {
	lines := &lineReader{r: bufio.NewReaderSize(r, 64<<10)}
	f, tally, err := readHead(lines)
	if err != nil {
		return nil, err
	}
	for {
		line, err := lines.next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, lines.wrap(err)
		}
		if err := f.readLine(line, tally); err != nil {
			if lines.torn && f.End == nil {
				break
			}
			return nil, lines.wrap(err)
		}
	}
	return f, f.incomplete(tally)
}

// readHead reads the first line.
func readHead(lines *lineReader) (*File, tally, error) {
	line, err := lines.next()
	if err == io.EOF {
		return nil, tally{}, fmt.Errorf("%w: it is empty", ErrNotRun)
	}
	if err != nil {
		return nil, tally{}, fmt.Errorf("%w: %w", ErrNotRun, lines.wrap(err))
	}
	f := &File{}
	typ, err := unmarshalLine(line, map[string]any{"run": &f.Run})
	switch {
	case typ == "run" && f.Run.Format > Format:
		return nil, tally{}, fmt.Errorf("%w: it has format %d, this loadstone knows %d", ErrNewer,
			f.Run.Format, Format)
	case err != nil:
		return nil, tally{}, fmt.Errorf("%w: %w", ErrNotRun, lines.wrap(err))
	case f.Run.Format < 1:
		return nil, tally{}, fmt.Errorf("%w: format %d", ErrNotRun, f.Run.Format)
	}
	sum := 0
	for _, p := range f.Run.Plan {
		if p.Specs < 0 || p.Specs > maxVerdicts {
			return nil, tally{},
				lines.wrap(fmt.Errorf("%d specs are planned for %s on %s", p.Specs, p.Loader,
					p.Kernel))
		}
		sum += p.Specs
	}
	if sum != f.Run.Planned || sum > maxVerdicts || sum == 0 {
		return nil, tally{},
			lines.wrap(fmt.Errorf("%d verdicts are planned, the plan adds up to %d", f.Run.Planned,
				sum))
	}
	return f, newTally(f.Run), nil
}

// readLine takes in one line after the first.
func (f *File) readLine(line []byte, tally tally) error {
	var v Verdict
	var end End
	typ, err := unmarshalLine(line, map[string]any{"verdict": &v, "end": &end})
	switch {
	case err != nil:
		return err
	case f.End != nil:
		return errors.New("a line after the end")
	case typ == "end":
		return f.setEnd(&end, tally)
	}
	if err := v.check(); err != nil {
		return err
	}
	if err := tally.room(v); err != nil {
		return err
	}
	tally.add(v)
	f.Verdicts = append(f.Verdicts, v)
	return nil
}

// setEnd takes in the last line. One whose counts are not those of the lines before it is an error:
// a line was lost.
func (f *File) setEnd(end *End, tally tally) error {
	for kind, n := range end.Verdicts {
		if n == 0 {
			delete(end.Verdicts, kind)
		}
	}
	if got := tally.counts(); !maps.Equal(got, end.Verdicts) {
		return fmt.Errorf("the end counts %v, the lines are %v", end.Verdicts, got)
	}
	if end.Complete && tally.owed() > 0 {
		return fmt.Errorf("the end says complete, %d planned verdicts are not there", tally.owed())
	}
	f.End = end
	return nil
}

// incomplete returns an error wrapping [ErrIncomplete], or nil.
func (f *File) incomplete(tally tally) error {
	switch {
	case f.Complete():
		return nil
	case f.End == nil:
		return fmt.Errorf("%w: it has no end line, %d of %d verdicts are there", ErrIncomplete,
			len(f.Verdicts), f.Run.Planned)
	}
	return fmt.Errorf("%w: %s, %d of %d verdicts are there", ErrIncomplete, f.End.Reason,
		len(f.Verdicts), f.Run.Planned)
}

// unmarshalLine decodes a line into what its type says, and returns the type. Fields that are not
// known are left out.
func unmarshalLine(line []byte, into map[string]any) (string, error) {
	var head struct {
		Type   string `json:"type"`
		Format int    `json:"format"`
	}
	if err := json.Unmarshal(line, &head); err != nil {
		return "", err
	}
	v, ok := into[head.Type]
	if !ok {
		return head.Type, fmt.Errorf("a line of type %q is not expected here", head.Type)
	}
	return head.Type, json.Unmarshal(line, v)
}

// A lineReader reads lines of bounded size.
type lineReader struct {
	r    *bufio.Reader
	n    int  // the line that was read last, counted from 1
	torn bool // it has no newline
}

func (l *lineReader) wrap(err error) error { return &LineError{Line: l.n, Err: err} }

// next returns the next line without its newline, or io.EOF.
func (l *lineReader) next() ([]byte, error) {
	var line []byte
	l.n++
	for {
		part, err := l.r.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case len(line) > maxLine:
			return nil, fmt.Errorf("longer than %d bytes", maxLine)
		case err == nil:
			return bytes.TrimSuffix(line, []byte("\n")), nil
		case err == io.EOF && len(line) == 0:
			return nil, io.EOF
		case err == io.EOF:
			l.torn = true
			return line, nil
		case err != bufio.ErrBufferFull:
			return nil, err
		}
	}
}
