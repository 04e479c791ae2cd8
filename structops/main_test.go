// SPDX-License-Identifier: Apache-2.0

package structops

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

	"github.com/cilium/ebpf/rlimit"
	"golang.org/x/sys/unix"

	"github.com/loadstone-bpf/loadstone/oracle/turn"
	"github.com/loadstone-bpf/loadstone/structops/structopstest"
)

// asLoader makes this program a loader that registers a structure and then waits: "link" or
// "update", then its name.
const asLoader = "STRUCTOPS_TEST_LOADER"

func TestMain(m *testing.M) {
	if os.Geteuid() != 0 {
		fmt.Fprintln(os.Stderr, "the tests of package structops register structures of the kernel and need root for it: run make test, or sudo go test")
		os.Exit(1)
	}
	if err := rlimit.RemoveMemlock(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if how := os.Getenv(asLoader); how != "" {
		if err := actAsLoader(how, os.Args[1]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	code := turn.RunMaker(m, os.Stderr)
	if left, err := removeLeft(); err != nil || len(left) > 0 {
		fmt.Fprintf(os.Stderr, "tests left %q registered, which are removed now (%v)\n", left, err)
		code = 1
	}
	os.Exit(code)
}

// removeLeft removes the structures that tests left, which a name in them tells, and returns their
// names.
func removeLeft() (left []string, err error) {
	all, err := Read()
	for _, s := range all {
		if strings.HasPrefix(s.Map, "ls_rm_") || strings.HasPrefix(s.Map, "ls_read_") {
			left = append(left, s.Map)
			err = errors.Join(err, Remove(context.Background(), s, 0, func(string) {}))
		}
	}
	return left, err
}

// actAsLoader registers a structure, says so, and holds it until it is told to let go.
func actAsLoader(how, name string) error {
	c, err := structopstest.Register(name, name, how == ByLink)
	if err != nil {
		return err
	}
	fmt.Println("registered")
	_, err = io.Copy(io.Discard, os.Stdin)
	return errors.Join(err, c.Close())
}

// A loaderProcess is a process that registered a structure and holds its descriptors.
type loaderProcess struct {
	cmd   *exec.Cmd
	stdin io.Closer
}

// startLoader starts a process that registers a structure of that name.
func startLoader(t *testing.T, how, name string) *loaderProcess {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "/proc/self/exe", name)
	cmd.Env = append(os.Environ(), asLoader+"="+how)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	noError(t, err)
	out, err := cmd.StdoutPipe()
	noError(t, err)
	noError(t, cmd.Start())
	said, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("loader: %q, %v", said, errors.Join(err, cmd.Wait()))
	}
	return &loaderProcess{cmd, in}
}

// process returns what [Structure.Holders] says of the process.
func (l *loaderProcess) process() Process {
	return Process{PID: l.cmd.Process.Pid, Command: "exe"}
}

// letGo ends the process as it likes to end.
func (l *loaderProcess) letGo(t *testing.T) {
	t.Helper()
	noError(t, l.stdin.Close())
	noError(t, l.cmd.Wait())
}

// kill ends the process without a chance to clean up.
func (l *loaderProcess) kill(t *testing.T) {
	t.Helper()
	noError(t, l.cmd.Process.Kill())
	var exit *exec.ExitError
	if err := l.cmd.Wait(); !errors.As(err, &exit) {
		t.Fatalf("a loader that was killed: %v", err)
	}
}

// bpffs mounts a bpffs of the test's own.
func bpffs(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	noError(t, unix.Mount("bpf", folder, "bpf", 0, ""))
	t.Cleanup(func() { noError(t, unix.Unmount(folder, 0)) })
	return folder
}

// register registers a structure whose descriptors the test holds until it ends.
func register(t *testing.T, name string, byLink bool) *structopstest.Congestion {
	t.Helper()
	c, err := structopstest.Register(name, name, byLink)
	noError(t, err)
	t.Cleanup(func() { noError(t, c.Close()) })
	return c
}

// find returns the structure of that name, which is there.
func find(t *testing.T, name string) Structure {
	t.Helper()
	all, err := Read()
	noError(t, err)
	s, err := Find(all, name)
	noError(t, err)
	return s
}

// isGone fails the test if a structure has that name.
func isGone(t *testing.T, name string) {
	t.Helper()
	all, err := Read()
	noError(t, err)
	if s, err := Find(all, name); !errors.Is(err, ErrNotThere) {
		t.Errorf("%s: %+v, %v", name, s, err)
	}
}

// exists reports whether a file exists.
func exists(t *testing.T, elements ...string) bool {
	t.Helper()
	_, err := os.Lstat(filepath.Join(elements...))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return err == nil
}

func noError(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
