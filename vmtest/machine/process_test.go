// SPDX-License-Identifier: Apache-2.0

package machine

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// hostProgram names what this test binary does when it plays the program that
// runs VMs: it starts a clone and a template, prints QEMU's process ids, and
// waits for its end. The arguments are the template's cache, a cache without a
// template, kernel and image.
const hostProgram = "LOADSTONE_TEST_HOST_PROGRAM"

func init() {
	if args := os.Getenv(hostProgram); args != "" {
		if err := playHostProgram(strings.Split(args, "\n")); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
}

func playHostProgram(args []string) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	c := Config{Kernel: args[2], Image: args[3]}
	t, err := Templates{Cache: args[0]}.Get(ctx, c)
	if err != nil {
		return err
	}
	clone, err := t.Clone(ctx, Options{Order: []byte("hang-user")})
	if err != nil {
		return err
	}
	boot, err := Boot(ctx, c, Options{})
	if err != nil {
		return err
	}
	making, err := watchFor(args[1], makingSuffix)
	if err != nil {
		return err
	}
	made := make(chan error, 1)
	go func() {
		_, err := Templates{Cache: args[1]}.Get(ctx, c)
		made <- err
	}()
	if err := making(); err != nil {
		return err
	}
	fmt.Println(clone.PID(), boot.PID())
	err = <-made
	clone.Wait()
	boot.Wait()
	return err
}

// watchFor returns a function that waits until something whose name ends like
// this is made in a folder.
func watchFor(dir, suffix string) (func() error, error) {
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC)
	if err != nil {
		return nil, err
	}
	if _, err := unix.InotifyAddWatch(fd, dir, unix.IN_CREATE); err != nil {
		return nil, err
	}
	return func() error {
		defer unix.Close(fd)
		b := make([]byte, 4096)
		for {
			// The name stands in the event, padded with zeros.
			n, err := unix.Read(fd, b)
			if err == unix.EINTR {
				continue
			}
			if err != nil || bytes.Contains(b[:n], []byte(suffix)) {
				return err
			}
		}
	}, nil
}

// tree lists the files below a folder.
func tree(t *testing.T, dir string) []string {
	t.Helper()
	var files []string
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			files = append(files, strings.TrimPrefix(path, dir))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func mounts(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// children returns the process ids of a process's children.
func children(t *testing.T, pid int) []int {
	t.Helper()
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	if err != nil {
		t.Fatal(err)
	}
	var pids []int
	for _, task := range tasks {
		b, err := os.ReadFile(task)
		if err != nil {
			t.Fatal(err)
		}
		for _, field := range strings.Fields(string(b)) {
			child, err := strconv.Atoi(field)
			if err != nil {
				t.Fatal(err)
			}
			pids = append(pids, child)
		}
	}
	return pids
}

// awaitGone waits until a process has ended.
func awaitGone(t *testing.T, pidfd int) {
	t.Helper()
	fds := []unix.PollFd{{Fd: int32(pidfd), Events: unix.POLLIN}}
	for {
		n, err := unix.Poll(fds, int((30 * time.Second).Milliseconds()))
		if err == unix.EINTR {
			continue
		}
		if err != nil || n == 0 {
			t.Errorf("process is still there: %v", err)
		}
		return
	}
}

// TestNothingIsLeftBehind ends the program that runs VMs in every way there
// is: no QEMU, no temporary file and no mount is left, and the template that
// was half made is none.
func TestNothingIsLeftBehind(t *testing.T) {
	template := testTemplate(t)
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGKILL} {
		t.Run(sig.String(), func(t *testing.T) {
			temp, cache := t.TempDir(), t.TempDir()
			mounted := mounts(t)
			cmd := exec.Command("/proc/self/exe")
			cmd.Env = append(os.Environ(), "TMPDIR="+temp, hostProgram+"="+strings.Join([]string{
				filepath.Dir(template.dir), cache, template.config.Kernel, template.config.Image}, "\n"))
			cmd.Stderr = os.Stderr
			stdout, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			defer func() { _ = cmd.Process.Kill() }() // in case the test failed before
			var clone, boot int
			if _, err := fmt.Fscan(bufio.NewReader(stdout), &clone, &boot); err != nil {
				t.Fatal(err)
			}
			var pidfds []int
			for _, pid := range append(children(t, cmd.Process.Pid), clone, boot) {
				pidfd, err := unix.PidfdOpen(pid, 0)
				if err == unix.ESRCH {
					continue // qemu --version of the template
				}
				if err != nil {
					t.Fatal(err)
				}
				defer unix.Close(pidfd)
				pidfds = append(pidfds, pidfd)
			}
			if len(pidfds) < 2 {
				t.Fatalf("only %d QEMU run", len(pidfds))
			}
			if err := cmd.Process.Signal(sig); err != nil {
				t.Fatal(err)
			}
			// That it was killed is what this is about.
			_ = cmd.Wait()
			for _, pidfd := range pidfds {
				awaitGone(t, pidfd)
			}
			if left := tree(t, temp); len(left) != 0 {
				t.Errorf("temporary files are left: %q", left)
			}
			if diff := cmp.Diff(mounted, mounts(t)); diff != "" {
				t.Errorf("mounts differ: %s", diff)
			}
			for _, file := range tree(t, cache) {
				if strings.HasSuffix(file, manifestFile) {
					t.Errorf("half a template passes for one: %s", file)
				}
			}
		})
	}
}
