// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"fmt"
	"io"
	"runtime"
	"unsafe"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"
)

// CountRuns has the kernel count how often it calls programs, until what it returns is closed: from
// 5.8 on (d46edd671a14), and at a cost for every call.
func CountRuns() (io.Closer, error) {
	counting, err := ebpf.EnableStats(uint32(unix.BPF_STATS_RUN_TIME))
	if err != nil {
		return nil, fmt.Errorf("have runs of programs counted: %w", err)
	}
	return counting, nil
}

// Runs returns how often the kernel has called the program of that id while it counted. The error
// wraps [ErrNoSuchObject] if there is no such program.
func Runs(id uint32) (uint64, error) {
	p, err := program(id)
	if err != nil {
		return 0, err
	}
	defer p.Close()
	stats, err := p.Stats()
	if err != nil {
		return 0, fmt.Errorf("count runs of program %d: %w", id, err)
	}
	return stats.RunCount, nil
}

// RunFunction runs the program of that id once as the kernel's own function of a structure would be
// called, with arguments, as BPF_PROG_TEST_RUN does for struct bpf_dummy_ops. It returns what the
// program returned. The error wraps [ErrNoSuchObject] if the program does not exist.
func RunFunction(id uint32, arguments ...uint64) (result uint32, err error) {
	f, err := open(KindProgram, id)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	var pinned runtime.Pinner
	defer pinned.Unpin()
	pinned.Pin(unsafe.SliceData(arguments))
	attr := struct { // the part of union bpf_attr for BPF_PROG_TEST_RUN
		program, result                uint32
		sizeIn, sizeOut                uint32
		in, out                        uint64
		repeat, duration               uint32
		contextSizeIn, contextSizeOut  uint32
		contextIn, contextOut          uint64
		flags, cpu, batchSize, padding uint32
	}{
		program: uint32(f.Fd()), contextSizeIn: uint32(8 * len(arguments)),
		contextIn: uint64(uintptr(unsafe.Pointer(unsafe.SliceData(arguments)))),
	}
	err = bpf(unix.BPF_PROG_TEST_RUN, unsafe.Pointer(&attr),
		unsafe.Offsetof(attr.batchSize))
	if err != nil {
		return 0, fmt.Errorf("run %s: %w", f.Name(), err)
	}
	return attr.result, nil
}
