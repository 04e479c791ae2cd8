// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"unsafe"

	"golang.org/x/sys/unix"
)

// perfEventKinds holds the names of enum bpf_task_fd_type, by number.
var perfEventKinds = [...]string{
	"raw_tracepoint", "tracepoint", "kprobe", "kretprobe", "uprobe", "uretprobe",
}

// PerfEvent returns what a perf event is about that runs the program of that id, such as "kprobe
// do_exit", and "" where there is none. It is about descriptors that this process and its
// descendants hold: before 5.15 there is no link of such a program, and nothing else to ask.
func PerfEvent(program uint32) (target string, err error) {
	ours, _, err := processes()
	if err != nil {
		return "", err
	}
	for _, pid := range ours {
		entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
		if isHidden(err) {
			continue
		}
		if err != nil {
			return "", fmt.Errorf("what process %d holds: %w", pid, err)
		}
		for _, e := range entries {
			fd, err := strconv.ParseUint(e.Name(), 10, 32)
			if err != nil {
				return "", fmt.Errorf("what process %d holds: %w", pid, err)
			}
			target, err := perfEventOf(pid, uint32(fd), program)
			if target != "" || err != nil {
				return target, err
			}
		}
	}
	return "", nil
}

// perfEventOf asks what the perf event of a descriptor is about, "" where it is none that runs the
// program.
func perfEventOf(pid int, fd, program uint32) (string, error) {
	var text [256]byte
	var pinned runtime.Pinner // the kernel gets the address as a number, which the runtime ignores
	defer pinned.Unpin()
	pinned.Pin(&text)
	attr := struct { // of BPF_TASK_FD_QUERY
		pid, fd, flags, size uint32
		text                 uint64
		program, kind        uint32
		offset, address      uint64
	}{pid: uint32(pid), fd: fd, size: uint32(len(text)), text: uint64(uintptr(unsafe.Pointer(&text)))}
	err := bpf(unix.BPF_TASK_FD_QUERY, unsafe.Pointer(&attr), unsafe.Sizeof(attr))
	const notSupported = unix.Errno(524) // ENOTSUPP: neither a perf event nor a raw tracepoint
	switch {
	case errors.Is(err, notSupported), errors.Is(err, unix.EOPNOTSUPP), errors.Is(err, unix.EBADF),
		errors.Is(err, unix.ENOENT), errors.Is(err, unix.EINVAL): // or one without a program
		return "", nil
	case err != nil:
		return "", fmt.Errorf("ask for descriptor %d of process %d: %w", fd, pid, err)
	case attr.program != program:
		return "", nil
	}
	return nameOf(perfEventKinds[:], attr.kind) + " " + unix.ByteSliceToString(text[:]), nil
}
