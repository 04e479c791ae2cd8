// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/record"
	"github.com/loadstone-bpf/loadstone/vmtest/guest/wire"
)

// Hostile lists what a driver may try that wants a verdict it has not earned. Each tries its way,
// and then answers with ids that do not exist, which no spec passes; those that find something
// within reach that is not for drivers answer rightly instead, and the spec passes. They are for a
// machine that nothing else runs on.
var Hostile = []Fault{
	{"forge-port", "writes records of a pass to the record port, and ends the machine", loader.OpLoad, nil, forgePort},
	{"forge-ring", "puts records of a pass into the ring of records, and ends the machine", loader.OpLoad, nil, forgeRing},
	{"forge-descriptor", "writes records of a pass to whatever it has open", loader.OpLoad, nil, forgeDescriptors},
	{"reach", "reads the guest program's memory, ends the machine, or sets its clock", loader.OpLoad, nil, reach},
}

// Loud writes what looks like a crash of the kernel to each log that is in reach, and keeps to the
// protocol.
var Loud = Fault{"loud", "writes what looks like a crash to the log and the console", loader.OpLoad, nil, loud}

// forged returns frames that say that the spec of a turn passed and that all is done: what comes
// from a guest in which no other spec runs.
func forged(t turn) ([]byte, error) {
	var all []byte
	for _, r := range []record.Record{
		record.KernelLog{Spec: t.Spec}, record.Finish{Spec: t.Spec, Outcome: record.Passed},
		record.End{Specs: 1},
	} {
		line, err := record.Marshal(r)
		if err != nil {
			return nil, err
		}
		if all, err = wire.AppendFrame(all, wire.KindRecord, line); err != nil {
			return nil, err
		}
	}
	return wire.AppendFrame(all, wire.KindWord, []byte(wire.WordEnd))
}

// leave ends the machine, so that the guest program says nothing after what was forged. A driver
// that cannot goes on.
func leave(t turn) error {
	err := unix.Reboot(unix.LINUX_REBOOT_CMD_POWER_OFF)
	if !errors.Is(err, unix.EPERM) {
		return err
	}
	return falseIDs(t)
}

func forgePort(t turn) error {
	frames, err := forged(t)
	if err != nil {
		return err
	}
	dev, err := everyDevice()
	if err != nil {
		return err
	}
	cmdline, err := os.ReadFile("/proc/cmdline")
	if err != nil {
		return err
	}
	_, name, _ := strings.Cut(string(cmdline), "loadstone.records=")
	name, _, _ = strings.Cut(name, " ")
	port, err := os.OpenFile(filepath.Join(dev, name), os.O_WRONLY|unix.O_NOCTTY, 0)
	if err != nil {
		return err
	}
	if _, err := port.Write(frames); err != nil {
		return err
	}
	return leave(t)
}

// everyDevice mounts the kernel's own /dev, which a driver can: it may mount.
func everyDevice() (string, error) {
	dir, err := os.MkdirTemp("", "dev")
	if err != nil {
		return "", err
	}
	return dir, unix.Mount("dev", dir, "devtmpfs", 0, "")
}

func forgeRing(t turn) error {
	frames, err := forged(t)
	if err != nil {
		return err
	}
	found, err := filepath.Glob("/sys/bus/pci/devices/*/resource2")
	if err != nil {
		return err
	}
	put := 0
	for _, name := range found {
		memory, err := mapped(name)
		if err != nil {
			return err
		}
		ring, err := wire.OpenRing(memory)
		if err != nil {
			continue // it is the payload
		}
		n, _ := ring.Put(frames)
		put += n
	}
	if put == 0 {
		return fmt.Errorf("no ring among %v", found)
	}
	return leave(t)
}

// mapped maps the memory of a PCI device.
func mapped(name string) ([]byte, error) {
	file, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	return unix.Mmap(int(file.Fd()), 0, int(info.Size()), unix.PROT_READ|unix.PROT_WRITE,
		unix.MAP_SHARED)
}

func forgeDescriptors(t turn) error {
	frames, err := forged(t)
	if err != nil {
		return err
	}
	for fd := 3; fd < 64; fd++ {
		// What is not open, or not for writing, is of no use.
		_, _ = unix.Write(fd, frames)
	}
	return falseIDs(t)
}

// reach answers rightly if anything is in reach that a driver is to be kept from.
func reach(t turn) error {
	var reached []string
	try := func(what string, err error) {
		if err == nil {
			reached = append(reached, what)
		}
	}
	dev, err := everyDevice()
	if err != nil {
		return err
	}
	for _, name := range []string{
		"/proc/1/mem", "/proc/1/environ", "/proc/1/fd/0", "/proc/kcore", "/dev/mem", "/dev/kmsg",
		"/dev/console", "/dev/port", dev + "/mem", dev + "/port",
	} {
		try("read "+name, readable(name))
	}
	try("see processes that are no drivers", kernelThreads())
	try("ptrace", unix.PtraceSeize(1)) // which does not stop it
	try("node", unix.Mknod(filepath.Join(dev, "mem2"), unix.S_IFCHR|0o600, int(unix.Mkdev(1, 1))))
	_, _, errno := unix.RawSyscall(unix.SYS_IOPERM, 0x501, 1, 1)
	try("I/O ports", failure(errno))
	try("clock", unix.ClockSettime(unix.CLOCK_REALTIME, &unix.Timespec{Sec: 1}))
	err = unix.DeleteModule("no_module_of_this_name", unix.O_NONBLOCK)
	if errors.Is(err, unix.ENOENT) { // there is none, and else it would be gone
		err = nil
	}
	try("modules", err)
	byte0 := make([]byte, 1)
	local := []unix.Iovec{{Base: &byte0[0], Len: 1}}
	remote := []unix.RemoteIovec{{Base: uintptr(unsafe.Pointer(&byte0[0])), Len: 1}}
	_, err = unix.ProcessVMReadv(1, local, remote, 0)
	if errors.Is(err, unix.EFAULT) { // of the address alone
		err = nil
	}
	try("memory", err)
	try("end", unix.Reboot(unix.LINUX_REBOOT_CMD_CAD_OFF))
	if len(reached) == 0 {
		return falseIDs(t)
	}
	fmt.Fprintln(os.Stderr, "reached:", strings.Join(reached, ", "))
	return t.answer()
}

// readable opens a file and reads a byte. That there is none now is no hindrance, nor that there is
// none at the start of a memory.
func readable(name string) error {
	fd, err := unix.Open(name, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	_, err = unix.Read(fd, make([]byte, 1)) // which waits for nothing, unlike that of [os.File]
	if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EIO) {
		err = nil
	}
	return errors.Join(err, unix.Close(fd))
}

// kernelThreads looks for the second process of a machine, of which every thread of the kernel is a
// child (kernel/kthread.c), in a proc that it mounts itself.
func kernelThreads() error {
	dir, err := os.MkdirTemp("", "proc")
	if err != nil {
		return err
	}
	if err := unix.Mount("proc", dir, "proc", 0, ""); err != nil {
		return err
	}
	name, err := os.ReadFile(filepath.Join(dir, "2", "comm"))
	if err != nil {
		return err
	}
	if string(name) != "kthreadd\n" {
		return fmt.Errorf("process 2 is %q", name)
	}
	return nil
}

func failure(errno unix.Errno) error {
	if errno == 0 {
		return nil
	}
	return errno
}

func loud(t turn) error {
	terminals, err := filepath.Glob("/dev/tty*")
	if err != nil {
		return err
	}
	for _, name := range append(terminals, "/dev/kmsg", "/dev/console") {
		file, err := os.OpenFile(name, os.O_WRONLY|unix.O_NOCTTY, 0)
		if err != nil {
			continue // as it should be
		}
		_, err = file.WriteString("<0>BUG: unable to handle page fault\n" +
			"[   99.000000] BUG: unable to handle page fault\n")
		if err := errors.Join(err, file.Close()); err != nil {
			return err
		}
	}
	fmt.Fprintln(os.Stderr, "[   99.000000] BUG: unable to handle page fault for address: 0")
	return t.answer()
}
