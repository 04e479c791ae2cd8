// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"unsafe"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/btf"
	"github.com/cilium/ebpf/link"
	"golang.org/x/sys/unix"

	"github.com/loadstone-bpf/loadstone/oracle/hygiene"
	"github.com/loadstone-bpf/loadstone/suites/rtnetlink"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// A Leaving names a spec that does nothing wrong but leave something in its guest, and what a look
// at the guest has to find. It may find more: a pin is a map as well.
type Leaving struct {
	Spec  string
	As    hygiene.Kind
	leave func() error
}

// Leaves lists the specs that leave something behind: at least one for each kind.
var Leaves = []Leaving{
	{"faults.leave-program", hygiene.Program, func() error { return keep(newProgram(ebpf.XDP)) }},
	{"faults.leave-program-at-cgroup", hygiene.Program, leaveProgramAtCgroup},
	{"faults.leave-map", hygiene.Map, func() error { return keep(newMap()) }},
	{"faults.leave-map-in-process", hygiene.Map, leaveMapInProcess},
	{"faults.leave-link", hygiene.Link, leaveLink},
	{"faults.leave-btf", hygiene.BTF, leaveBTF},
	{"faults.leave-pin", hygiene.Pin, func() error { return pinIn("/sys/fs/bpf") }},
	{"faults.leave-pin-elsewhere", hygiene.Pin, leavePinElsewhere},
	{"faults.leave-mount", hygiene.Mount, func() error { return mountOn("tmpfs", "/run/left") }},
	{"faults.leave-namespace", hygiene.Namespace, leaveNamespaceMounted},
	{"faults.leave-namespace-in-process", hygiene.Namespace, leaveNamespaceInProcess},
	{"faults.leave-namespace-in-thread", hygiene.Namespace, leaveNamespaceInThread},
	{"faults.leave-device", hygiene.Device, func() error { return rtnetlink.AddVeth("left") }},
	{"faults.leave-xdp", hygiene.Device, leaveXDP},
	{"faults.leave-qdisc", hygiene.Qdisc, func() error { return addClsact(loopback) }},
	{"faults.leave-filter", hygiene.Qdisc, leaveFilter},
	{"faults.leave-cgroup", hygiene.Cgroup, leaveCgroup},
	{"faults.leave-process", hygiene.Process, func() error { return startIdle(nil) }},
	{"faults.leave-descriptor", hygiene.Descriptor, leaveDescriptor},
	{"faults.leave-module", hygiene.Module, func() error { return unix.DeleteModule("act_bpf", 0) }},
	{"faults.leave-sysctl", hygiene.Sysctl, leaveSysctl},
	{"faults.leave-taint", hygiene.Taint, leaveTaint},
	{"faults.leave-folder", hygiene.Self, func() error { return os.Chdir("/proc") }},
	{"faults.leave-umask", hygiene.Self, leaveUmask},
	{"faults.leave-limit", hygiene.Self, leaveLimit},
	{"faults.leave-memory", hygiene.Memory, leaveMemory},
	{"faults.leave-kernel-memory", hygiene.Memory, leaveKernelMemory},
	{"faults.leave-file", hygiene.File, func() error { return os.WriteFile("/tmp/left", nil, 0o600) }},
}

var _ = registerLeaves()

func registerLeaves() (last Registration) {
	for _, l := range Leaves {
		last = fault(l.Spec, func(Faults) error { return l.leave() })
	}
	return last
}

// kept holds what has to outlive its spec: Go closes a file that nothing refers to.
var kept []any

// keep keeps what was made, with its descriptor.
func keep[T any](made T, err error) error {
	kept = append(kept, made)
	return err
}

func newMap() (*ebpf.Map, error) {
	return ebpf.NewMap(&ebpf.MapSpec{
		Name: "left", Type: ebpf.Array, KeySize: 4, ValueSize: 4, MaxEntries: 1,
	})
}

func newProgram(kind ebpf.ProgramType) (*ebpf.Program, error) {
	return ebpf.NewProgram(&ebpf.ProgramSpec{
		Name: "left", Type: kind, License: "GPL",
		Instructions: asm.Instructions{asm.Mov.Imm(asm.R0, 1), asm.Return()},
	})
}

const cgroupRoot = "/sys/fs/cgroup"

func leaveCgroup() error { return os.Mkdir(cgroupRoot+"/left", 0o755) }

// leaveProgramAtCgroup attaches without a link: nothing but the cgroup holds the program.
func leaveProgramAtCgroup() error {
	p, err := newProgram(ebpf.CGroupSKB)
	if err != nil {
		return err
	}
	defer p.Close()
	root, err := os.Open(cgroupRoot)
	if err != nil {
		return err
	}
	defer root.Close()
	return link.RawAttachProgram(link.RawAttachProgramOptions{
		Target: int(root.Fd()), Program: p, Attach: ebpf.AttachCGroupInetEgress,
	})
}

// leaveMapInProcess leaves a map that only another process holds.
func leaveMapInProcess() error {
	m, err := newMap()
	if err != nil {
		return err
	}
	defer m.Close()
	fd, err := unix.Dup(m.FD())
	if err != nil {
		return err
	}
	f := os.NewFile(uintptr(fd), "map")
	defer f.Close()
	return startIdle(nil, f)
}

// startIdle starts a process that waits for ever: the guest program itself, which reads an order
// from a pipe whose other end it holds too. It inherits files.
func startIdle(attr *syscall.SysProcAttr, files ...*os.File) error {
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	defer r.Close()
	defer w.Close()
	cmd := exec.Command("/proc/self/exe", "run")
	cmd.Stdin, cmd.ExtraFiles, cmd.SysProcAttr = r, append(files, w), attr
	if err := cmd.Start(); err != nil {
		return err
	}
	return cmd.Process.Release()
}

func leaveLink() error {
	p, err := newProgram(ebpf.CGroupSKB)
	if err != nil {
		return err
	}
	defer p.Close()
	return keep(link.AttachCgroup(link.CgroupOptions{
		Path: cgroupRoot, Attach: ebpf.AttachCGroupInetIngress, Program: p,
	}))
}

func leaveBTF() error {
	types, err := btf.NewBuilder([]btf.Type{&btf.Int{Name: "left", Size: 4}}, nil)
	if err != nil {
		return err
	}
	raw, err := types.Marshal(nil, nil)
	if err != nil {
		return err
	}
	return keep(btf.NewHandleFromRawBTF(raw))
}

// pinIn leaves a map that only a pin holds.
func pinIn(bpffs string) error {
	m, err := newMap()
	if err != nil {
		return err
	}
	defer m.Close()
	return m.Pin(bpffs + "/left")
}

func mountOn(fs, dir string) error {
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	return unix.Mount(fs, dir, fs, 0, "")
}

func leavePinElsewhere() error {
	const dir = "/run/elsewhere"
	if err := mountOn("bpf", dir); err != nil {
		return err
	}
	return pinIn(dir)
}

// inNewNamespace runs do in a thread with a network namespace of its own, which ends with it.
func inNewNamespace(do func() error) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread()
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			done <- fmt.Errorf("network namespace: %w", err)
			return
		}
		done <- do()
	}()
	return <-done
}

const ownNamespace = "/proc/thread-self/ns/net"

// leaveNamespaceMounted does what ip netns add does.
func leaveNamespaceMounted() error {
	const file = "/run/left"
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		return err
	}
	return inNewNamespace(func() error { return unix.Mount(ownNamespace, file, "", unix.MS_BIND, "") })
}

func leaveNamespaceInProcess() error {
	return startIdle(&syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNET})
}

func leaveNamespaceInThread() error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread()
		done <- unix.Unshare(unix.CLONE_NEWNET)
		select {}
	}()
	return <-done
}

// leaveXDP attaches without a link: nothing but the device holds the program.
func leaveXDP() error {
	p, err := newProgram(ebpf.XDP)
	if err != nil {
		return err
	}
	defer p.Close()
	return attachXDP(loopback, p.FD())
}

func leaveFilter() error {
	p, err := newProgram(ebpf.SchedCLS)
	if err != nil {
		return err
	}
	defer p.Close()
	if err := addClsact(loopback); err != nil {
		return err
	}
	return addFilter(loopback, p.FD())
}

func leaveDescriptor() error { return keep(os.Open("/proc/version")) }

func writeSysctl(name, value string) error {
	return os.WriteFile("/proc/sys/"+name, []byte(value), 0)
}

func leaveSysctl() error { return writeSysctl("kernel/bpf_stats_enabled", "1") }

// leaveTaint taints the kernel as root may: by TAINT_USER.
func leaveTaint() error { return writeSysctl("kernel/tainted", "64") }

// leaveUmask leaves another umask. A guest's own, as the kernel starts PID 1, takes the write bits
// from others than the owner.
func leaveUmask() error {
	if was := unix.Umask(0o077); was == 0o077 {
		return errors.New("the umask was like that already")
	}
	return nil
}

func leaveLimit() error {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_MEMLOCK, &limit); err != nil {
		return err
	}
	limit.Cur = limit.Max / 2
	return unix.Setrlimit(unix.RLIMIT_MEMLOCK, &limit)
}

// leaveMemory leaves a segment of shared memory that no one uses: no other kind of thing shows it.
func leaveMemory() error {
	const size = 64 << 20
	id, err := unix.SysvShmGet(unix.IPC_PRIVATE, size, 0o600)
	if err != nil {
		return err
	}
	segment, err := unix.SysvShmAttach(id, 0, 0)
	if err != nil {
		return err
	}
	for at := 0; at < len(segment); at += os.Getpagesize() {
		segment[at] = 1
	}
	return unix.SysvShmDetach(segment)
}

// leaveKernelMemory leaves queues of messages that no one will read, in the kernel's own memory.
func leaveKernelMemory() error {
	const queues = 1000 // of 16 KiB, the most that a queue takes (kernel.msgmnb)
	var message struct {
		kind int
		text [8<<10 - 1]byte
	}
	message.kind = 1
	for range queues {
		if err := fillQueue(&message, len(message.text)); err != nil {
			return err
		}
	}
	return nil
}

// fillQueue makes a queue of System V and sends it a message, whose text has so many bytes, until
// no more fit.
func fillQueue[T any](message *T, size int) error {
	id, _, errno := unix.Syscall(unix.SYS_MSGGET, unix.IPC_PRIVATE, 0o600, 0)
	if errno != 0 {
		return fmt.Errorf("queue: %w", errno)
	}
	const noWait = 0o4000 // IPC_NOWAIT
	for {
		_, _, errno := unix.Syscall6(unix.SYS_MSGSND, id, uintptr(unsafe.Pointer(message)), uintptr(size),
			noWait, 0, 0)
		switch errno {
		case 0:
		case unix.EAGAIN:
			return nil
		default:
			return fmt.Errorf("send: %w", errno)
		}
	}
}
