// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/loadstone-bpf/loadstone/verdict"
)

// starting returns a command of loadstone on this machine's kernel.
func starting(t *testing.T, loadstone string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), loadstone, args...)
	cmd.Env = append(os.Environ(), asLoadstone+"=1")
	return cmd
}

// outcomes returns how each spec of a run ended, and when it was not whole.
func outcomes(t *testing.T, dir string) []string {
	t.Helper()
	f, err := verdict.ReadFile(filepath.Join(dir, runFile))
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, v := range f.Verdicts {
		all = append(all, strings.Join([]string{v.Spec, v.Cell.String(), string(v.Kind), v.Reason}, " "))
	}
	slices.Sort(all)
	return all
}

// linesOf returns how many lines the run file in a folder has, 0 where there is none.
func linesOf(t *testing.T, dir string) int {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, runFile))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return bytes.Count(text, []byte("\n"))
}

// changes returns a channel that is closed once something in a folder changes.
func changes(t *testing.T, dir string) <-chan struct{} {
	t.Helper()
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC)
	if err == nil {
		_, err = unix.InotifyAddWatch(fd, dir, unix.IN_MODIFY|unix.IN_MOVED_TO)
	}
	if err != nil {
		t.Fatal(err)
	}
	changed := make(chan struct{})
	go func() {
		defer close(changed)
		defer unix.Close(fd)
		unix.Read(fd, make([]byte, 4<<10)) // whatever it is, the file is looked at
	}()
	return changed
}

// A run that is killed again and again, each time after its next verdict, ends as one that was let
// be. Its folder is locked while it runs, and not written over.
func TestARunGoesOnAfterKills(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Fatal("specs take root to run: run make test as root")
	}
	loadstone := installed(t)
	killed, whole := filepath.Join(t.TempDir(), "killed"), filepath.Join(t.TempDir(), "whole")
	run := []string{"run", "--kernel", "native", "--spec", "metadata.*", "--seed", "7"}
	if err := os.MkdirAll(killed, 0o755); err != nil {
		t.Fatal(err)
	}
	starting := func(args ...string) *exec.Cmd { return starting(t, loadstone, args...) }
	if out, err := starting(append(run, "--out", whole)...).CombinedOutput(); err != nil {
		t.Fatalf("%v:\n%s", err, out)
	}
	want := outcomes(t, whole)
	for i, args := range [][]string{append(run, "--out", killed), {"run", "--resume", killed}, {"run", "--resume", killed}} {
		before := linesOf(t, killed)
		cmd := starting(args...)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- cmd.Wait() }()
		for linesOf(t, killed) <= before+2 {
			select {
			case err := <-ended:
				t.Fatalf("start %d ended by itself: %v", i, err)
			case <-changes(t, killed):
			}
		}
		// It holds its lock, and writes nothing more.
		if err := cmd.Process.Signal(syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
		out, err := starting(append(run, "--out", killed)...).CombinedOutput()
		if err == nil || !strings.Contains(string(out), "in use by another run") {
			t.Errorf("while it runs: %v: %s", err, out)
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		<-ended // it was killed
		if out, err = starting(append(run, "--out", killed)...).CombinedOutput(); err == nil ||
			!strings.Contains(string(out), "or say --overwrite, or go on with it: loadstone run --resume "+killed) {
			t.Errorf("over a run: %v: %s", err, out)
		}
	}
	if out, err := starting("run", "--resume", killed).CombinedOutput(); err != nil {
		t.Fatalf("%v:\n%s", err, out)
	}
	if diff := cmp.Diff(want, outcomes(t, killed)); diff != "" {
		t.Errorf("the run that was killed (-whole +killed):\n%s", diff)
	}
	if out, err := starting("run", "--resume", killed).CombinedOutput(); err != nil || !strings.Contains(string(out), "came to its end") {
		t.Errorf("of a whole run: %v: %s", err, out)
	}
}

func TestResumeIsRefused(t *testing.T) {
	empty, whole := t.TempDir(), writeRun(t, verdict.Pass)
	for _, tt := range []struct {
		name string
		args []string
		says string
	}{
		{"no run", []string{"--resume", empty}, "no run to go on with"},
		{"other flags", []string{"--resume", whole, "--seed", "3"}, "--seed does not go with --resume"},
	} {
		out, code := command(t, append([]string{"run"}, tt.args...)...)
		if code != verdict.ExitUsage || !strings.Contains(out, tt.says) {
			t.Errorf("%s: exit %d, want 2 with %q: %s", tt.name, code, tt.says, out)
		}
	}
}
