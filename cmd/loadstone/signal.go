// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

// untilSignal makes a context that is done when a signal asks the program to end. Signals are
// caught from when something first asks the context anything. What never does, because it has
// nothing to undo, is ended by a signal as programs are that catch none.
type untilSignal func() context.Context

func newUntilSignal() untilSignal {
	return sync.OnceValue(func() context.Context {
		ctx, _ := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		return ctx
	})
}

// Deadline implements [context.Context].
func (u untilSignal) Deadline() (time.Time, bool) { return u().Deadline() }

// Done implements [context.Context].
func (u untilSignal) Done() <-chan struct{} { return u().Done() }

// Err implements [context.Context].
func (u untilSignal) Err() error { return u().Err() }

// Value implements [context.Context].
func (u untilSignal) Value(key any) any { return u().Value(key) }
