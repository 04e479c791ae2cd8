// SPDX-License-Identifier: Apache-2.0

package flock

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
)

func TestHeldLockIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "lock")
	held, err := Try(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Try(path); !errors.Is(err, ErrHeld) {
		t.Fatalf("second Try: %v, want ErrHeld", err)
	}
	held.Unlock()
	again, err := Try(path)
	if err != nil {
		t.Fatalf("after Unlock: %v", err)
	}
	again.Unlock()
}

func TestWaiterGetsLockWhenItIsGivenBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	held, err := Try(path)
	if err != nil {
		t.Fatal(err)
	}
	got := make(chan error)
	go func() {
		lock, err := Wait(t.Context(), path)
		if err == nil {
			lock.Unlock()
		}
		got <- err
	}()
	held.Unlock()
	if err := <-got; err != nil {
		t.Fatal(err)
	}
}

func TestCancelledWaiterLeavesNoLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	held, err := Try(path)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Wait(ctx, path); !errors.Is(err, context.Canceled) {
		t.Fatalf("Wait: %v, want context.Canceled", err)
	}
	held.Unlock()
	// The cancelled waiter may hold the lock for the moment it needs to notice.
	lock, err := Wait(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	lock.Unlock()
}
