// SPDX-License-Identifier: Apache-2.0

// Package flock locks files between processes, with locks that the kernel drops
// when their holder dies, however it dies.
//
// A lock's file may be removed by who holds it alone, with [Lock.Remove], and by
// no one else: who waits for it meanwhile sees that the file is no longer the one
// of its name and locks the new one. A file that is not removed stays for the
// next process.
package flock

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// ErrHeld says that another process, or another part of this one, holds the
// lock. [Try] returns it.
var ErrHeld = errors.New("lock is held by another process")

// Mode says with whom a lock is held.
type Mode int

const (
	Exclusive Mode = unix.LOCK_EX // alone
	Shared    Mode = unix.LOCK_SH // with others that share it
)

// Lock holds a file's lock until Unlock, Remove or the death of the process.
type Lock struct{ file *os.File }

// Wait takes the lock of the file at path, which is made if missing with the
// folders above it, and waits for it as long as ctx lives.
func Wait(ctx context.Context, path string, mode Mode) (*Lock, error) {
	for {
		lock, err := waitOnce(ctx, path, mode)
		if err != nil || lock.inPlace() {
			return lock, err
		}
		lock.Unlock()
	}
}

func waitOnce(ctx context.Context, path string, mode Mode) (*Lock, error) {
	file, err := open(path)
	if err != nil {
		return nil, err
	}
	locked := make(chan error, 1)
	go func() { locked <- flock(file, int(mode)) }()
	select {
	case err := <-locked:
		if err != nil {
			file.Close()
			return nil, fmt.Errorf("lock %s: %w", path, err)
		}
		return &Lock{file}, nil
	case <-ctx.Done():
		// flock(2) cannot be cancelled: give the lock back once it comes.
		go func() { <-locked; file.Close() }()
		return nil, fmt.Errorf("wait for lock %s: %w", path, endOf(ctx))
	}
}

// endOf returns why ctx ended: its error, and the cause where that says more.
func endOf(ctx context.Context) error {
	if cause := context.Cause(ctx); !errors.Is(cause, ctx.Err()) {
		return fmt.Errorf("%w: %w", ctx.Err(), cause)
	}
	return context.Cause(ctx)
}

// Try takes the exclusive lock of the file at path, which is made if missing
// with the folders above it, or returns [ErrHeld] if it is held.
func Try(path string) (*Lock, error) {
	for {
		file, err := open(path)
		if err != nil {
			return nil, err
		}
		if err := flock(file, unix.LOCK_EX|unix.LOCK_NB); err != nil {
			file.Close()
			if errors.Is(err, unix.EWOULDBLOCK) {
				err = ErrHeld
			}
			return nil, fmt.Errorf("lock %s: %w", path, err)
		}
		lock := &Lock{file}
		if lock.inPlace() {
			return lock, nil
		}
		lock.Unlock()
	}
}

// Unlock gives the lock back.
func (l *Lock) Unlock() { l.file.Close() }

// Remove removes the file and gives the lock, which must be exclusive, back.
func (l *Lock) Remove() error {
	return errors.Join(os.Remove(l.file.Name()), l.file.Close())
}

// inPlace reports whether the locked file still has its name.
func (l *Lock) inPlace() bool {
	locked, err := l.file.Stat()
	if err != nil {
		return false
	}
	present, err := os.Stat(l.file.Name())
	return err == nil && os.SameFile(locked, present)
}

func open(path string) (*os.File, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	return os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
}

func flock(file *os.File, how int) error {
	for {
		err := unix.Flock(int(file.Fd()), how)
		if !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}
