// SPDX-License-Identifier: Apache-2.0

package hygiene

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// self views what this process is set to.
type self struct {
	status textFile
	tasks  *folder

	cpus   []unix.CPUSet // of threads, each once
	buffer []byte
}

// ofStatus are the lines of /proc/PID/status that count. A process's threads share the first alone;
// the others are the first thread's.
var ofStatus = []string{
	"Umask:", "Uid:", "Gid:", "Groups:", "SigBlk:", "SigIgn:", "SigCgt:", "CapInh:", "CapPrm:",
	"CapEff:", "CapBnd:", "CapAmb:", "NoNewPrivs:", "Seccomp:", "Mems_allowed:",
}

// limits are the resources that a process's use of is limited, by their number
// (include/uapi/asm-generic/resource.h).
var limits = []string{
	"CPU", "FSIZE", "DATA", "STACK", "CORE", "RSS", "NPROC", "NOFILE", "MEMLOCK", "AS", "LOCKS",
	"SIGPENDING", "MSGQUEUE", "NICE", "RTPRIO", "RTTIME",
}

func openSelf() (view, error) {
	s := &self{buffer: make([]byte, unix.PathMax)}
	var err error
	if s.status, err = openText("/proc/self/status"); err != nil {
		return nil, err
	}
	if s.tasks, err = openFolder("/proc/self/task"); err != nil {
		return nil, errors.Join(err, unix.Close(s.status.fd))
	}
	return s, nil
}

func (s *self) keeps() []int { return []int{s.status.fd, s.tasks.fd} }

// read appends a line for everything.
func (s *self) read(b []byte) ([]byte, error) {
	for _, link := range []string{"cwd", "root"} {
		n, err := unix.Readlinkat(unix.AT_FDCWD, "/proc/self/"+link, s.buffer[:cap(s.buffer)])
		if err != nil {
			return b, fmt.Errorf("%s of this process: %w", link, err)
		}
		b = append(append(append(b, link...), ": "...), s.buffer[:n]...)
		b = append(b, '\n')
	}
	var err error
	if s.buffer, err = s.status.appendValue(s.buffer[:0]); err != nil {
		return b, err
	}
	b = appendStatus(b, s.buffer)
	for resource, name := range limits {
		var limit unix.Rlimit
		if err := unix.Prlimit(0, resource, nil, &limit); err != nil {
			return b, fmt.Errorf("limit of %s: %w", name, err)
		}
		b = append(append(append(b, "limit of "...), name...), ": "...)
		b = strconv.AppendUint(b, limit.Cur, 10)
		b = strconv.AppendUint(append(b, " of "...), limit.Max, 10)
		b = append(b, '\n')
	}
	for _, variable := range os.Environ() {
		b = append(append(append(b, "variable "...), variable...), '\n')
	}
	return s.appendCPUs(b)
}

// appendStatus appends the lines of a status that count.
func appendStatus(b, status []byte) []byte {
	for len(status) > 0 {
		line, rest, _ := bytes.Cut(status, []byte{'\n'})
		status = rest
		for _, key := range ofStatus {
			if len(line) > len(key) && string(line[:len(key)]) == key {
				b = append(append(b, line...), '\n')
				break
			}
		}
	}
	return b
}

// appendCPUs appends the CPUs that threads may use, each set of them once.
func (s *self) appendCPUs(b []byte) ([]byte, error) {
	s.cpus = s.cpus[:0]
	err := s.tasks.each(func(task []byte) error {
		tid, ok := number(task)
		if !ok {
			return fmt.Errorf("thread %q", task)
		}
		var cpus unix.CPUSet
		err := unix.SchedGetaffinity(tid, &cpus)
		switch {
		case isGone(err), err == nil && slices.Contains(s.cpus, cpus):
			return nil
		case err != nil:
			return fmt.Errorf("CPUs of thread %d: %w", tid, err)
		}
		s.cpus = append(s.cpus, cpus)
		b = append(b, "threads on CPUs "...)
		for _, word := range cpus {
			if word != 0 {
				b = strconv.AppendUint(b, uint64(word), 16)
			}
			b = append(b, ' ')
		}
		b = append(b, '\n')
		return nil
	})
	return b, err
}

func (s *self) things(seen []byte) ([]thing, error) {
	var all []thing
	for line := range strings.Lines(string(seen)) {
		line = strings.TrimSuffix(line, "\n")
		separator := ":"
		if strings.HasPrefix(line, "variable ") {
			separator = "="
		}
		name, value, _ := strings.Cut(line, separator)
		all = append(all, thing{
			kind: Self, name: "self " + name, state: strings.Join(strings.Fields(value), " "),
		})
	}
	return all, nil
}
