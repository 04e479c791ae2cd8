// SPDX-License-Identifier: Apache-2.0

package surround

import (
	"bytes"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// newTestKeeper returns a keeper that is this program again.
func newTestKeeper(t *testing.T) *Keeper {
	t.Helper()
	folder := t.TempDir()
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), asKeeper+"="+folder)
	k, err := NewKeeper(cmd, folder)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(folder, 0); err != nil {
			t.Error(err)
		}
		if err := k.Close(); err != nil {
			t.Error(err)
		}
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	})
	return k
}

// output returns what a shell prints that is started in the keeper's namespace.
func output(t *testing.T, k *Keeper, script string) string {
	t.Helper()
	thread, err := NewThread(k)
	if err != nil {
		t.Fatal(err)
	}
	defer thread.Close()
	var text []byte
	thread.Do(func() { text, err = exec.Command("/bin/sh", "-c", script).CombinedOutput() })
	if err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return string(bytes.TrimSpace(text))
}

// A driver finds itself where it looks for itself, by its number in the namespace.
func TestDriverFindsItselfInItsProc(t *testing.T) {
	k := newTestKeeper(t)
	name := output(t, k, "cat "+k.Proc()+"/$$/comm")
	if name != "sh" {
		t.Errorf("the process of its own number is %q", name)
	}
}

// It sees the keeper, what other drivers left, and nothing else, and can signal no more than that.
func TestDriverSeesNoProcessButDrivers(t *testing.T) {
	k := newTestKeeper(t)
	left := output(t, k, "sleep 100 >/dev/null 2>&1 & echo $!")
	seen := strings.Fields(output(t, k, "cd "+k.Proc()+" && echo [0-9]*"))
	if len(seen) != 3 || seen[0] != "1" || seen[1] != left {
		t.Errorf("processes %v, want the keeper, %s and the shell", seen, left)
	}
	refused := output(t, k, "kill -0 "+strconv.Itoa(os.Getpid())+" || kill -9 1; kill -0 1; kill "+left)
	if !strings.Contains(refused, "No such process") {
		t.Errorf("a signal to process %d outside: %q", os.Getpid(), refused)
	}
}
