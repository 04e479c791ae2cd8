// SPDX-License-Identifier: Apache-2.0

package flock

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// mustWait takes a lock that is to be had.
func mustWait(t *testing.T, path string, mode Mode) *Lock {
	t.Helper()
	lock, err := Wait(t.Context(), path, mode)
	if err != nil {
		t.Fatal(err)
	}
	return lock
}

// mustTry takes the exclusive lock, which is to be had.
func mustTry(t *testing.T, path string) *Lock {
	t.Helper()
	lock, err := Try(path)
	if err != nil {
		t.Fatal(err)
	}
	return lock
}

func TestHeldLockIsRefused(t *testing.T) {
	for _, mode := range []Mode{Exclusive, Shared} {
		path := filepath.Join(t.TempDir(), "new", "lock")
		held := mustWait(t, path, mode)
		if _, err := Try(path); !errors.Is(err, ErrHeld) {
			t.Fatalf("mode %d: Try: %v, want ErrHeld", mode, err)
		}
		held.Unlock()
		mustTry(t, path).Unlock()
	}
}

func TestSharedLockIsShared(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	first := mustWait(t, path, Shared)
	second := mustWait(t, path, Shared)
	first.Unlock()
	if _, err := Try(path); !errors.Is(err, ErrHeld) {
		t.Errorf("Try beside the second holder: %v, want ErrHeld", err)
	}
	second.Unlock()
}

// waiting starts to wait for a lock, which it sends; nil after an error.
func waiting(t *testing.T, path string) <-chan *Lock {
	t.Helper()
	locks := make(chan *Lock, 1)
	go func() {
		lock, err := Wait(t.Context(), path, Exclusive)
		if err != nil {
			t.Error(err)
		}
		locks <- lock
	}()
	return locks
}

func TestWaiterGetsLockWhenItIsGivenBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	held := mustTry(t, path)
	got := waiting(t, path)
	held.Unlock()
	if lock := <-got; lock != nil {
		lock.Unlock()
	}
}

func TestWaiterOfARemovedFileLocksTheNewOne(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	// A waiter may open the file before or after it is removed.
	for range 100 {
		held := mustTry(t, path)
		got := waiting(t, path)
		if err := held.Remove(); err != nil {
			t.Fatal(err)
		}
		lock := <-got
		if lock == nil {
			t.FailNow()
		}
		if _, err := Try(path); !errors.Is(err, ErrHeld) {
			t.Fatalf("Try beside the waiter: %v, want ErrHeld", err)
		}
		lock.Unlock()
	}
}

// Two processes would hold locks of two files of one name.
func TestLockOfARemovedFileIsNotInPlace(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	held := mustTry(t, path)
	waited, err := open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer waited.Close()
	if !(&Lock{waited}).inPlace() {
		t.Error("lock of the file at path is not in place")
	}
	if err := held.Remove(); err != nil {
		t.Fatal(err)
	}
	for _, made := range []bool{false, true} { // by another waiter
		if made {
			if err := os.WriteFile(path, nil, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if (&Lock{waited}).inPlace() {
			t.Errorf("lock of a removed file is in place; file made anew: %v", made)
		}
	}
}

func TestCancelledWaiterLeavesNoLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	held := mustTry(t, path)
	ctx, cancel := context.WithCancelCause(t.Context())
	gaveUp := errors.New("the user gave up")
	cancel(gaveUp)
	if _, err := Wait(ctx, path, Shared); !errors.Is(err, gaveUp) ||
		!errors.Is(err, context.Canceled) {
		t.Fatalf("Wait: %v, want the context's error and its cause", err)
	}
	held.Unlock()
	// The cancelled waiter may hold the lock for the moment it needs to notice.
	mustWait(t, path, Exclusive).Unlock()
}
