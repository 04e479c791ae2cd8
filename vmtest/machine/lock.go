// SPDX-License-Identifier: Apache-2.0

package machine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// lock is a file lock between processes (flock(2)). It ends with the process
// that holds it.
type lock struct {
	file *os.File
}

// How a lock is held.
const (
	exclusive = unix.LOCK_EX // alone
	shared    = unix.LOCK_SH // with others who share it
)

// acquire waits for the lock of a file, which is made if missing.
func acquire(ctx context.Context, name string, how int) (*lock, error) {
	for {
		l, err := acquireOnce(ctx, name, how)
		if err != nil {
			return nil, err
		}
		// Whoever held the lock may have removed the file before letting go.
		if l.inPlace() {
			return l, nil
		}
		if err := l.release(); err != nil {
			return nil, err
		}
	}
}

func acquireOnce(ctx context.Context, name string, how int) (*lock, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	locked := make(chan error, 1)
	go func() { locked <- flock(f, how) }()
	select {
	case err := <-locked:
		if err != nil {
			f.Close()
			return nil, fmt.Errorf("lock %s: %w", name, err)
		}
		return &lock{f}, nil
	case <-ctx.Done():
		// The wait cannot be called off; give the lock back once it comes.
		go func() { <-locked; f.Close() }()
		return nil, fmt.Errorf("lock %s: %w", name, context.Cause(ctx))
	}
}

// tryAcquire returns the exclusive lock of an existing file, or nil if
// somebody else has it.
func tryAcquire(name string) (*lock, error) {
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	err = flock(f, exclusive|unix.LOCK_NB)
	if l := (&lock{f}); err == nil && l.inPlace() {
		return l, nil
	}
	f.Close()
	if err == nil {
		return nil, nil // somebody else removed it
	}
	if errors.Is(err, unix.EWOULDBLOCK) {
		return nil, nil
	}
	return nil, fmt.Errorf("lock %s: %w", name, err)
}

// inPlace says whether the locked file is still the one of its name.
func (l *lock) inPlace() bool {
	ours, err := l.file.Stat()
	if err != nil {
		return false
	}
	named, err := os.Stat(l.file.Name())
	return err == nil && os.SameFile(ours, named)
}

// touch notes that what is locked was used now.
func (l *lock) touch() error {
	now := time.Now()
	return os.Chtimes(l.file.Name(), now, now)
}

func (l *lock) release() error { return l.file.Close() }

func flock(f *os.File, how int) error {
	for {
		err := unix.Flock(int(f.Fd()), how)
		if !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}
