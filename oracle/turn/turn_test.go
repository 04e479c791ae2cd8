// SPDX-License-Identifier: Apache-2.0

package turn

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// holding in the environment makes the test program one that takes the turn of that path, says so,
// and keeps it.
const holding = "LOADSTONE_TEST_HOLDS"

func TestMain(m *testing.M) {
	if path := os.Getenv(holding); path != "" {
		mine, err := waitFor(context.Background(), path, func(string) {})
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		fmt.Println("held")
		io.Copy(io.Discard, os.Stdin) // until it is killed, or its parent is gone
		mine.End()
		return
	}
	os.Exit(m.Run())
}

// hold starts a process that has the turn.
func hold(t *testing.T, path string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command("/proc/self/exe", "run\n--kernel", "native")
	cmd.Env = append(os.Environ(), holding+"="+path)
	cmd.Stderr = os.Stderr
	if _, err := cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
			t.Error(err)
		}
		cmd.Wait()
	})
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "held\n" {
		t.Fatalf("the holder says %q, %v", line, err)
	}
	return cmd
}

func unexpected(t *testing.T) func(string) {
	return func(holder string) { t.Errorf("waits for %s, and nobody has the turn", holder) }
}

// Who waits is told for whom, and has its turn when that one is killed.
func TestATurnIsFreeWhenItsHolderIsKilled(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "lock")
	holder := hold(t, path)
	want := fmt.Sprintf("process %d (/proc/self/exe run --kernel native)", holder.Process.Pid)
	waited := 0
	mine, err := waitFor(t.Context(), path, func(who string) {
		waited++
		if who != want {
			t.Errorf("waits for %q, want %q", who, want)
		}
		if err := holder.Process.Kill(); err != nil {
			t.Error(err)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if waited != 1 {
		t.Errorf("told %d times of the holder, want once", waited)
	}
	mine.End()
	again, err := waitFor(t.Context(), path, unexpected(t))
	if err != nil {
		t.Fatal(err)
	}
	again.End()
}

// Two parts of one process have it one after the other, too.
func TestATurnIsForOne(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	first, err := waitFor(t.Context(), path, unexpected(t))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	_, err = waitFor(ctx, path, func(who string) {
		if !strings.HasPrefix(who, fmt.Sprintf("process %d (", os.Getpid())) {
			t.Errorf("waits for %q, want this process", who)
		}
		cancel()
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want %v", err, context.Canceled)
	}
	first.End()
}

func TestAHolderIsOneLine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	for text, want := range map[string]string{
		"":                         "another process",
		"process 7 (a\nb\x1b)\xff": "process 7 (a b\x1b)\uFFFD",
		strings.Repeat("é", 150):   strings.Repeat("é", 98) + "…",
	} {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if got := holderIn(path); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	if got := holderIn(filepath.Join(path, "missing")); got != "another process" {
		t.Errorf("of no file: %q", got)
	}
}
