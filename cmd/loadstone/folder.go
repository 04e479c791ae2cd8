// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/loadstone-bpf/loadstone/verdict"
	"github.com/loadstone-bpf/loadstone/vmtest/flock"
)

// lockFile holds the lock of a run's folder. The kernel drops the lock when its holder dies.
const lockFile = ".lock"

// lockFolder makes a run's folder and locks it. That another run has it is a usage error.
func lockFolder(dir string) (*flock.Lock, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, usageError{fmt.Errorf("--out: %w", err)}
	}
	lock, err := flock.Try(filepath.Join(dir, lockFile))
	if errors.Is(err, flock.ErrHeld) {
		return nil, usageError{fmt.Errorf("%s is in use by another run: wait for its end, or name another folder with --out", dir)}
	}
	return lock, err
}

// takeFolder locks the run's folder for a new run. One that holds a run is a usage error without
// --overwrite. The default folder of runs with --spec is for looking at a spec again and again, and
// keeps none.
func (o runOptions) takeFolder() (*flock.Lock, error) {
	dir := o.outDir()
	lock, err := lockFolder(dir)
	if err != nil || o.overwrite || o.out == "" && len(o.specs) > 0 {
		return lock, err
	}
	path := filepath.Join(dir, runFile)
	if _, err := os.Lstat(path); errors.Is(err, os.ErrNotExist) {
		return lock, nil
	}
	return nil, errors.Join(usageError{fmt.Errorf("%s holds %s: name another folder with --out, or say --overwrite%s",
		dir, describeRun(path), orResume(dir, path))}, lock.Remove())
}

// describeRun says in a few words which run a file is of.
func describeRun(path string) string {
	f, _ := verdict.ReadFile(path)
	if f == nil {
		return runFile + ", which is no whole run file"
	}
	return fmt.Sprintf("the run of %s, with %d of %d verdicts", f.Run.Started.Format(time.DateTime),
		len(f.Verdicts), f.Run.Planned)
}

// orResume offers to go on with a run that did not come to its end.
func orResume(dir, path string) string {
	if f, err := verdict.ReadFile(path); f != nil && err != nil {
		return ", or go on with it: loadstone run --resume " + dir
	}
	return ""
}
