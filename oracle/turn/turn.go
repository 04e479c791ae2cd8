// SPDX-License-Identifier: Apache-2.0

package turn

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/loadstone-bpf/loadstone/vmtest/flock"
)

// Path names the file whose lock is the turn. It is the machine's, whoever runs and whatever cache
// is used, as the kernel is. The kernel gives the lock back when its holder dies. Containers that
// share a kernel and no folder do not see each other.
const Path = "/run/loadstone/native.lock"

// A Turn ends with End, or with the process.
type Turn struct{ lock *flock.Lock }

// Wait waits for the turn as long as ctx lives. If another has it, waits is told who: its process
// and command, as far as they are known.
func Wait(ctx context.Context, waits func(holder string)) (*Turn, error) {
	return waitFor(ctx, Path, waits)
}

func waitFor(ctx context.Context, path string, waits func(holder string)) (*Turn, error) {
	lock, err := flock.Try(path)
	if errors.Is(err, flock.ErrHeld) {
		waits(holderIn(path))
		lock, err = flock.Wait(ctx, path, flock.Exclusive)
	}
	if err != nil {
		return nil, fmt.Errorf("turn on the host's kernel: %w", err)
	}
	// The lock is ours, and with it what the file says.
	if err := os.WriteFile(path, []byte(self()), 0o644); err != nil {
		lock.Unlock()
		return nil, fmt.Errorf("turn on the host's kernel: %w", err)
	}
	return &Turn{lock}, nil
}

// End lets the next one have its turn.
func (t *Turn) End() { t.lock.Unlock() }

// ForTests waits for the turn of a test program, and says on w whom it waits for.
func ForTests(w io.Writer) (*Turn, error) {
	return Wait(context.Background(), func(holder string) {
		fmt.Fprintf(w, "waiting for the turn on this kernel, which %s had last\n", holder)
	})
}

// RunMaker runs the tests of a package that makes things in the host's kernel and judges none of
// it, and returns their exit code: beside others of its kind, and never while someone judges.
func RunMaker(tests interface{ Run() int }, w io.Writer) int {
	beside, err := flock.Wait(context.Background(), Path, flock.Shared)
	if err != nil {
		fmt.Fprintln(w, err)
		return 1
	}
	defer beside.Unlock()
	return tests.Run()
}

// longest bounds what is said of a holder, in bytes.
const longest = 200

// self returns what a holder says of itself.
func self() string {
	return clip(fmt.Sprintf("process %d (%s)", os.Getpid(), strings.Join(os.Args, " ")))
}

// holderIn returns who has the lock of the file at path, by what it has written there.
func holderIn(path string) string {
	text, err := os.ReadFile(path)
	if err != nil || len(text) == 0 { // it has the lock, and not yet said who it is
		return "another process"
	}
	return clip(string(text))
}

// clip returns text as one line that is not too long.
func clip(text string) string {
	text = strings.Join(strings.Fields(strings.ToValidUTF8(text, "\uFFFD")), " ")
	if len(text) > longest {
		text = strings.ToValidUTF8(text[:longest-len("…")], "") + "…"
	}
	return text
}
