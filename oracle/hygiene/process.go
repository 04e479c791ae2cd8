// SPDX-License-Identifier: Apache-2.0

package hygiene

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
)

// processes views the processes of user space. The kernel's threads come and go as it likes.
type processes struct {
	proc *folder
	self int

	// kernels are the kernel's threads of the last look, ascending. They are not asked again: for a
	// process to have the number of one, that thread has to end and all numbers to be used up
	// between two looks, or that thread, seen just then, to become the program that it was made to
	// start (call_usermodehelper, kernel/umh.c).
	kernels, next []int
	users         []int // other processes of the last look
	stat          []byte
}

func (p *processes) open() (view, error) {
	var err error
	p.self = os.Getpid()
	if p.proc, err = openFolder("/proc"); err != nil {
		return nil, err
	}
	return p, nil
}

func (p *processes) keeps() []int { return []int{p.proc.fd} }

// read appends two strings for each process: its number and name, and when it started.
func (p *processes) read(b []byte) ([]byte, error) {
	p.next, p.users = p.next[:0], p.users[:0]
	rest := p.kernels // /proc is in the order of numbers
	err := p.proc.each(func(name []byte) error {
		pid, ok := number(name)
		if !ok || pid == p.self {
			return nil
		}
		for len(rest) > 0 && rest[0] < pid {
			rest = rest[1:]
		}
		if len(rest) > 0 && rest[0] == pid {
			p.next = append(p.next, pid)
			return nil
		}
		var err error
		b, err = p.appendProcess(b, pid)
		return err
	})
	p.kernels, p.next = p.next, p.kernels
	return b, err
}

// kernelThread marks a thread of the kernel (PF_KTHREAD, include/linux/sched.h).
const kernelThread = 0x200000

// appendProcess appends a process that is not known to be the kernel's.
func (p *processes) appendProcess(b []byte, pid int) ([]byte, error) {
	var err error
	p.stat, err = readText(p.stat[:0], "/proc/"+strconv.Itoa(pid)+"/stat")
	if isGone(err) {
		return b, nil
	}
	if err != nil {
		return b, err
	}
	// "pid (comm) state ppid ... flags ... starttime ...", where comm may hold anything but zeros
	open, end := bytes.IndexByte(p.stat, '('), bytes.LastIndexByte(p.stat, ')')
	if open < 0 || end < open {
		return b, fmt.Errorf("process %d: %q", pid, p.stat)
	}
	const flags, started = 6, 19 // places behind comm
	fields := bytes.Fields(p.stat[end+1:])
	if len(fields) <= started {
		return b, fmt.Errorf("process %d: %q", pid, p.stat)
	}
	f, err := strconv.ParseUint(string(fields[flags]), 10, 32)
	if err != nil {
		return b, fmt.Errorf("process %d: %w", pid, err)
	}
	if f&kernelThread != 0 {
		p.next = append(p.next, pid)
		return b, nil
	}
	p.users = append(p.users, pid)
	b = append(strconv.AppendInt(b, int64(pid), 10), ' ')
	b = append(append(b, p.stat[open+1:end]...), 0)
	return append(append(b, fields[started]...), 0), nil
}

func (p *processes) things(seen []byte) ([]thing, error) {
	var all []thing
	err := pairs(seen, func(process, started string) {
		all = append(all, thing{
			kind: Process, name: "process " + process, state: "started at tick " + started,
		})
	})
	return all, err
}
