// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A signal ends a command that asks no context whether it is done, as it ends a program that
// catches none: here one that waits for its output to be read.
func TestSignalEndsWhatHasNothingToUndo(t *testing.T) {
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	const room = 4096 // bytes
	if _, err := unix.FcntlInt(write.Fd(), unix.F_SETPIPE_SZ, room); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0], "completion", "bash")
	cmd.Env = append(os.Environ(), asLoadstone+"=1")
	cmd.Stdout, cmd.Stderr = write, os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if err := write.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := read.Read(make([]byte, 1)); err != nil { // it has begun, and cannot go on
		t.Fatal(err)
	}
	if err := cmd.Process.Signal(unix.SIGTERM); err != nil {
		t.Fatal(err)
	}
	var ended *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &ended) {
		t.Fatalf("ended with %v", err)
	}
	status, ok := ended.Sys().(syscall.WaitStatus)
	if !ok || !status.Signaled() || status.Signal() != unix.SIGTERM {
		t.Errorf("ended with %v, want by SIGTERM", ended)
	}
}

// With one command alone, loadstone does what it does with all.
func TestOneCommandAlone(t *testing.T) {
	all := newRootCommand().Commands()
	if len(all) < 15 {
		t.Fatalf("%d commands", len(all))
	}
	for _, cmd := range all {
		alone := newRootCommandFor(cmd.Name()).Commands()
		if len(alone) != 1 || alone[0].UseLine() != cmd.UseLine() {
			t.Errorf("%s: %d commands", cmd.Name(), len(alone))
		}
	}
	if got := len(newRootCommandFor("help").Commands()); got != len(all) {
		t.Errorf("for help: %d commands, want %d", got, len(all))
	}
}
