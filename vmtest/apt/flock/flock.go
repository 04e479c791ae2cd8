// SPDX-License-Identifier: Apache-2.0

// Package flock is a lock between processes that the kernel drops when its
// holder dies, however it dies.
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

// Lock is a held lock. Unlock gives it back; so does the death of the process.
type Lock struct{ file *os.File }

// Wait takes the exclusive lock on the file at path, which is made if it is not
// there, and waits for it as long as ctx lives.
//
// The file stays when the lock is given back: removing it would let two
// processes hold locks on two files of one name.
func Wait(ctx context.Context, path string) (*Lock, error) {
	lock, err := Try(path)
	if err == nil || !errors.Is(err, ErrHeld) {
		return lock, err
	}
	file, err := open(path)
	if err != nil {
		return nil, err
	}
	// flock(2) cannot be cancelled, so it waits in a goroutine of its own. If
	// the caller is gone by the time it succeeds, the lock is given back there.
	got := make(chan error)
	go func() {
		err := flock(file, unix.LOCK_EX)
		select {
		case got <- err:
		case <-ctx.Done():
			file.Close()
		}
	}()
	select {
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for lock %s: %w", path, ctx.Err())
	case err := <-got:
		if err != nil {
			file.Close()
			return nil, fmt.Errorf("lock %s: %w", path, err)
		}
		return &Lock{file}, nil
	}
}

// Try takes the exclusive lock on the file at path if nobody holds it, and
// returns [ErrHeld] if somebody does.
func Try(path string) (*Lock, error) {
	file, err := open(path)
	if err != nil {
		return nil, err
	}
	if err := flock(file, unix.LOCK_EX|unix.LOCK_NB); err != nil {
		file.Close()
		if errors.Is(err, unix.EWOULDBLOCK) {
			return nil, fmt.Errorf("lock %s: %w", path, ErrHeld)
		}
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	return &Lock{file}, nil
}

// Unlock gives the lock back.
func (l *Lock) Unlock() { l.file.Close() }

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
