// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/loadstone-bpf/loadstone/vmtest/wholefile"
)

var (
	// ErrEnded reports a run file that has all verdicts: there is nothing to go on with.
	ErrEnded = errors.New("the run came to its end")

	// ErrOtherRun reports runs of which one cannot go on, or be a part of, the other: of other
	// suites, kernels, loaders, or with another guest program.
	ErrOtherRun = errors.New("another run")
)

// Resume opens the run file at path, of a run that ended before its plan was done, however it
// ended, and returns a writer for the verdicts that it lacks, and those that it has. A last line
// that was torn and an end line are taken off. Errors wrap [ErrEnded], or are those of [Read].
func Resume(path string) (*Writer, *File, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, nil, err
	}
	f, err := Read(bytes.NewReader(data))
	if err == nil {
		return nil, nil, fmt.Errorf("%s: %w", path, ErrEnded)
	}
	if f == nil {
		return nil, nil, fmt.Errorf("%s: %w", path, err)
	}
	whole, lines := 0, 0 // of the first line and the verdicts, those that end as lines do
	for lines < 1+len(f.Verdicts) {
		n := bytes.IndexByte(data[whole:], '\n')
		if n < 0 {
			break
		}
		whole += n + 1
		lines++
	}
	if lines == 0 {
		return nil, nil, fmt.Errorf("%s: %w: its first line has no end", path, ErrNotRun)
	}
	f.Verdicts = f.Verdicts[:lines-1]
	if err := os.Truncate(path, int64(whole)); err != nil {
		return nil, nil, err
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return nil, nil, err
	}
	tally := newTally(f.Run)
	for _, v := range f.Verdicts {
		tally.add(v)
	}
	return appending(file, f.Run, tally, nil), f, nil
}

// Merged writes a run file at path that holds verdicts of several runs, with its end, in one step.
// Errors are those of a [Writer].
func Merged(path string, run Run, verdicts []Verdict, end End) error {
	run.Format = Format
	tally := newTally(run)
	var text bytes.Buffer
	add := func(typ string, v any) error {
		line, err := marshalLine(typ, v)
		text.Write(line)
		return err
	}
	if err := add("run", run); err != nil {
		return err
	}
	for _, v := range verdicts {
		if err := cmp.Or(v.check(), tally.room(v)); err != nil {
			return fmt.Errorf("merge verdicts: %w", err)
		}
		tally.add(v)
		if err := add("verdict", v); err != nil {
			return err
		}
	}
	end.Verdicts = tally.counts()
	end.Complete = end.Complete && tally.owed() == 0
	if err := add("end", end); err != nil {
		return err
	}
	return wholefile.Write(path, text.Bytes(), 0o644)
}

// Same returns an error wrapping [ErrOtherRun] where what r and other run differs, in anything but
// the plan: the guest program, kernels, loaders, suites, how specs share guests.
func (r Run) Same(other Run) error {
	differ := func(what string, a, b any) error {
		return fmt.Errorf("%w: %s is %v here, and %v there", ErrOtherRun, what, a, b)
	}
	switch {
	case r.Guest != other.Guest:
		return differ("the guest program, with its suites,", short(r.Guest), short(other.Guest))
	case r.Isolation != other.Isolation:
		return differ("--isolation", r.Isolation, other.Isolation)
	case !slices.Equal(r.Require, other.Require):
		return differ("--require", r.Require, other.Require)
	}
	if err := sameList("kernel", r.Kernels, other.Kernels, func(k Kernel) (string, string) {
		return k.Name, cmp.Or(k.Digest, k.Release+" "+k.Version)
	}); err != nil {
		return err
	}
	return sameList("loader", r.Loaders, other.Loaders, func(l Loader) (string, string) {
		return l.Name, l.Digest
	})
}

// sameList holds two lists against each other, whose things have a name and a digest.
func sameList[T any](what string, a, b []T, of func(T) (name, digest string)) error {
	digests := make(map[string]string)
	for _, t := range b {
		name, digest := of(t)
		digests[name] = digest
	}
	for _, t := range a {
		name, digest := of(t)
		there, found := digests[name]
		switch {
		case !found:
			return fmt.Errorf("%w: %s %s is in one of them only", ErrOtherRun, what, name)
		case there != digest:
			return fmt.Errorf("%w: %s %s is another (%s, and %s)", ErrOtherRun, what, name,
				short(digest), short(there))
		}
		delete(digests, name)
	}
	for name := range digests {
		return fmt.Errorf("%w: %s %s is in one of them only", ErrOtherRun, what, name)
	}
	return nil
}

// short returns the start of a digest, enough to tell it from others.
func short(digest string) string { return digest[:min(len(digest), 12)] }
