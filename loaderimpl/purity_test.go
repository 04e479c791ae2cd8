// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/loadstone-bpf/loadstone/oracle/turn"
)

// asPureOpener has the test's program open objects where the kernel ends it for a system call.
const asPureOpener = "LOADSTONE_TEST_OPENS_WITHOUT_SYSTEM_CALLS"

// TestMain makes the program of the tests the one that [TestOpeningMakesNoSystemCall] runs, too.
func TestMain(m *testing.M) {
	if paths := os.Getenv(asPureOpener); paths != "" {
		if err := openWithoutSystemCalls(strings.Split(paths, ":")); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(turn.RunMaker(m, os.Stderr))
}

// TestOpeningMakesNoSystemCall opens objects with externs in a process that the kernel ends as soon
// as it asks for a file, a socket, bpf(2), the name of the machine or anything else that Go's
// runtime does not need for memory and threads.
func TestOpeningMakesNoSystemCall(t *testing.T) {
	program, err := os.Executable()
	do(t, err)
	objects := strings.Join([]string{objectPath("kconfig", native()), objectPath("ksyms", native())}, ":")
	open := func(paths string) (string, error) {
		c := exec.Command(program)
		c.Env = append(os.Environ(), asPureOpener+"="+paths)
		out, err := c.CombinedOutput()
		return string(out), err
	}
	if out, err := open(objects); err != nil {
		t.Errorf("opening %s: %v\n%s", objects, err, out)
	}
	var ended *exec.ExitError
	if out, err := open(objects + ":" + pureControl); !errors.As(err, &ended) {
		t.Errorf("a program that does make a system call is not ended: %v\n%s", err, out)
	} else if status := ended.Sys().(syscall.WaitStatus); !status.Signaled() || status.Signal() != syscall.SIGSYS {
		t.Errorf("a program that makes a system call ends with %v\n%s", err, out)
	}
}

// pureControl stands in the place of an object for one system call, which has to be seen.
const pureControl = "uname"

// openWithoutSystemCalls reads objects, and opens them once system calls end the process.
func openWithoutSystemCalls(paths []string) error {
	var objects [][]byte
	for _, path := range paths {
		if path == pureControl {
			objects = append(objects, nil)
			continue
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		objects = append(objects, data)
	}
	if err := endAtSystemCalls(); err != nil {
		return err
	}
	for i, data := range objects {
		if data == nil {
			var name unix.Utsname
			if err := unix.Uname(&name); err != nil {
				return err
			}
			continue
		}
		o, err := OpenBytes(data, Options{Name: "pure", Kconfig: userText})
		if err != nil {
			return fmt.Errorf("%s: %w", paths[i], err)
		}
		if len(o.externs.Externs) == 0 {
			return fmt.Errorf("%s has no externs", paths[i])
		}
	}
	return nil
}

// endAtSystemCalls has the kernel end this process at any system call but those that Go's runtime
// makes by itself: for memory, for threads and their signals, for time, and to end.
func endAtSystemCalls() error {
	allowed := []uint32{
		unix.SYS_MMAP, unix.SYS_MUNMAP, unix.SYS_MADVISE, unix.SYS_MPROTECT, unix.SYS_FUTEX, unix.SYS_CLONE, unix.SYS_CLONE3,
		unix.SYS_SCHED_YIELD, unix.SYS_SCHED_GETAFFINITY, unix.SYS_NANOSLEEP, unix.SYS_CLOCK_NANOSLEEP, unix.SYS_CLOCK_GETTIME,
		unix.SYS_RT_SIGACTION, unix.SYS_RT_SIGPROCMASK, unix.SYS_RT_SIGRETURN, unix.SYS_SIGALTSTACK, unix.SYS_GETPID, unix.SYS_GETTID,
		unix.SYS_EPOLL_PWAIT, // of the poller, which looks for work where a goroutine waits
		unix.SYS_TGKILL, unix.SYS_SET_ROBUST_LIST, unix.SYS_RSEQ, unix.SYS_PRCTL, unix.SYS_WRITE, unix.SYS_EXIT, unix.SYS_EXIT_GROUP,
	}
	const load, equal, back = unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, unix.BPF_RET | unix.BPF_K
	filter := []unix.SockFilter{{Code: load, K: 0}} // the number of the call
	for i, call := range allowed {
		filter = append(filter, unix.SockFilter{Code: equal, Jt: uint8(len(allowed) - i), K: call})
	}
	filter = append(filter, unix.SockFilter{Code: back, K: unix.SECCOMP_RET_KILL_PROCESS},
		unix.SockFilter{Code: back, K: unix.SECCOMP_RET_ALLOW})
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("no new privileges: %w", err)
	}
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	_, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC,
		uintptr(unsafe.Pointer(&program)))
	runtime.KeepAlive(filter)
	if errno != 0 {
		return fmt.Errorf("seccomp: %w", errno)
	}
	return nil
}
