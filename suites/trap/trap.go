// SPDX-License-Identifier: Apache-2.0

// Package trap kills a process at a call of bpf(2), so that specs see what a loader leaves that
// dies in the midst of its work.
package trap

import (
	"errors"
	"fmt"
	"os"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/link"
	"golang.org/x/sys/unix"

	"github.com/loadstone-bpf/loadstone/oracle"
)

// ErrNamespace reports a process that is not in the first namespace of processes: the kernel tells
// programs other numbers of processes than it knows.
var ErrNamespace = errors.New("not in the first namespace of processes")

// A Trap counts the calls of bpf(2) of a process and of its children, and kills the one that makes
// a certain call.
type Trap struct {
	state    *ebpf.Map // at 0 the calls so far, at 1 the call to die at
	program  *ebpf.Program
	attached link.Link
}

// The places of the trap's state.
const (
	calls = uint32(iota)
	deadly
)

// New lays a trap for a process, which kills no one yet.
func New(pid int) (t *Trap, err error) {
	const first = "pid:[4026531836]" // PROC_PID_INIT_INO
	ns, err := os.Readlink("/proc/self/ns/pid")
	if err != nil {
		return nil, fmt.Errorf("lay a trap: %w", err)
	}
	if ns != first {
		return nil, fmt.Errorf("%s: %w", ns, ErrNamespace)
	}
	t = &Trap{}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("lay a trap: %w", err), t.Close())
		}
	}()
	t.state, err = ebpf.NewMap(&ebpf.MapSpec{
		Type: ebpf.Array, KeySize: 4, ValueSize: 8, MaxEntries: 2,
	})
	if err != nil {
		return t, err
	}
	code, err := t.instructions(uint32(pid))
	if err != nil {
		return t, err
	}
	t.program, err = ebpf.NewProgram(&ebpf.ProgramSpec{
		Type: ebpf.RawTracepoint, License: "GPL", Instructions: code,
	})
	if err != nil {
		return t, err
	}
	t.attached, err = link.AttachRawTracepoint(link.RawTracepointOptions{
		Name: "sys_enter", Program: t.program,
	})
	return t, err
}

// instructions returns the program: who is it, whose child, which system call, the how manyth.
func (t *Trap) instructions(pid uint32) (asm.Instructions, error) {
	parent, group, err := offsets()
	if err != nil {
		return nil, err
	}
	const stack, key = int16(-8), int16(-12)
	lookup := func(place uint32) asm.Instructions {
		return asm.Instructions{
			asm.StoreImm(asm.RFP, key, int64(place), asm.Word),
			asm.LoadMapPtr(asm.R1, t.state.FD()),
			asm.Mov.Reg(asm.R2, asm.RFP), asm.Add.Imm(asm.R2, int32(key)),
			asm.FnMapLookupElem.Call(), asm.JEq.Imm(asm.R0, 0, "exit"),
		}
	}
	read := func(from asm.Register, offset uint32, size int32) asm.Instructions {
		return asm.Instructions{
			asm.Mov.Reg(asm.R3, from), asm.Add.Imm(asm.R3, int32(offset)),
			asm.Mov.Reg(asm.R1, asm.RFP), asm.Add.Imm(asm.R1, int32(stack)),
			asm.Mov.Imm(asm.R2, size), asm.FnProbeReadKernel.Call(),
		}
	}
	all := asm.Instructions{
		// A system call is the second argument of the tracepoint.
		asm.LoadMem(asm.R1, asm.R1, 8, asm.DWord),
		asm.JNE.Imm(asm.R1, unix.SYS_BPF, "exit"),
		asm.FnGetCurrentPidTgid.Call(), asm.RSh.Imm(asm.R0, 32),
		asm.JEq.Imm(asm.R0, int32(pid), "ours"),
		asm.FnGetCurrentTask.Call(), asm.Mov.Reg(asm.R6, asm.R0),
	}
	all = append(all, read(asm.R6, parent, 8)...)
	all = append(all, asm.LoadMem(asm.R6, asm.RFP, stack, asm.DWord))
	all = append(all, read(asm.R6, group, 4)...)
	all = append(all,
		asm.LoadMem(asm.R0, asm.RFP, stack, asm.Word), asm.JNE.Imm(asm.R0, int32(pid), "exit"))
	ours := lookup(calls)
	ours[0] = ours[0].WithSymbol("ours")
	all = append(all, ours...)
	all = append(all,
		asm.LoadMem(asm.R6, asm.R0, 0, asm.DWord), asm.Add.Imm(asm.R6, 1),
		asm.StoreMem(asm.R0, 0, asm.R6, asm.DWord))
	all = append(all, lookup(deadly)...)
	return append(all,
		asm.LoadMem(asm.R0, asm.R0, 0, asm.DWord), asm.JNE.Reg(asm.R0, asm.R6, "exit"),
		asm.Mov.Imm(asm.R1, int32(unix.SIGKILL)), asm.FnSendSignal.Call(),
		asm.Mov.Imm(asm.R0, 0).WithSymbol("exit"), asm.Return()), nil
}

// offsets returns where a task has its parent, and where it has the number of its process, in
// bytes.
func offsets() (parent, group uint32, err error) {
	task, err := oracle.KernelStruct("task_struct")
	if err != nil {
		return 0, 0, err
	}
	for _, m := range task.Members {
		switch m.Name {
		case "real_parent":
			parent = m.Offset.Bytes()
		case "tgid":
			group = m.Offset.Bytes()
		}
	}
	if parent == 0 || group == 0 {
		return 0, 0, errors.New("struct task_struct has no real_parent or no tgid")
	}
	return parent, group, nil
}

// Calls returns how many calls were made so far.
func (t *Trap) Calls() (n uint64, err error) {
	err = t.state.Lookup(calls, &n)
	return n, err
}

// KillAt has the call kill who makes it, counted from 1 as [Trap.Calls] does. The kernel still
// carries out what of the call cannot be interrupted.
func (t *Trap) KillAt(call uint64) error { return t.state.Put(deadly, call) }

// Close takes the trap away.
func (t *Trap) Close() error {
	var errs []error
	if t.attached != nil {
		errs = append(errs, t.attached.Close())
	}
	if t.program != nil {
		errs = append(errs, t.program.Close())
	}
	if t.state != nil {
		errs = append(errs, t.state.Close())
	}
	return errors.Join(errs...)
}
