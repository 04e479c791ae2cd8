// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"runtime"
	"unsafe"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"golang.org/x/sys/unix"
)

// KernelMapInfo holds what the kernel knows of a map and tells to BPF programs only: neither
// BPF_OBJ_GET_INFO_BY_FD nor fdinfo has it.
type KernelMapInfo struct {
	Node  uint32     // NUMA node; NoNode for any
	Inner *InnerMeta // what the kernel takes for the maps in a map of maps; nil for other maps
}

// InnerMeta holds what the kernel compares of a map that is put into a map of maps
// (bpf_map_meta_equal, array_map_meta_equal).
type InnerMeta struct{ Type, KeySize, ValueSize, MaxEntries, Flags uint32 }

// ErrCannotAsk reports that this kernel, or this process's rights, do not let a program look at a
// map. The errno, where there is one, is beside it in the chain.
var ErrCannotAsk = errors.New("a BPF program cannot look at the map")

// KernelMaps asks the kernel about maps by a BPF program of its own. It reads the layout of the
// kernel's struct bpf_map once, when it is first asked.
type KernelMaps struct {
	Token int // descriptor of a token to load the program with; 0 for none

	read   bool
	layout mapLayout
	err    error // why there is no layout
}

// Info asks about a map by its descriptor. The program refers to the map, and reads the kernel's
// struct bpf_map through that reference (Linux 5.9, 41c48f3a9823, "bpf: Support access to bpf map
// fields"), which takes CAP_BPF and CAP_PERFMON. It runs once over a packet of its own, and is gone
// when Info returns.
//
// The program is of type CGROUP_SKB, since that takes no CAP_NET_ADMIN, may refer to a map with a
// lock, and hands out seven words without a second map. It finds no other maps and waits for none,
// unlike an iterator over all maps. The error is of [ErrCannotAsk].
func (k *KernelMaps) Info(fd int) (*KernelMapInfo, error) {
	if !k.read {
		k.read = true
		k.layout, k.err = readMapLayout()
	}
	if k.err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCannotAsk, k.err)
	}
	code, err := infoProgram(&k.layout, fd)
	if err != nil {
		return nil, err
	}
	program, log, err := LoadProgram(&Program{
		Type: uint32(ebpf.CGroupSKB), Name: "look_at_map", Code: code, License: "Dual BSD/GPL",
		Token: k.Token,
	}, 0)
	if err != nil {
		return nil, explainAsk(err, log)
	}
	defer Close(program)
	var skb [skbSize]byte
	if err := runOnce(program, &skb); err != nil {
		return nil, fmt.Errorf("%w: run the program: %w", ErrCannotAsk, err)
	}
	return parseInfo(&skb), nil
}

// explainAsk says what the program lacks.
func explainAsk(err error, log string) error {
	if errors.Is(err, unix.EPERM) || errors.Is(err, unix.EACCES) {
		return fmt.Errorf("%w: it takes CAP_BPF and CAP_PERFMON: %w", ErrCannotAsk, err)
	}
	return fmt.Errorf("%w: load the program: %w: %s", ErrCannotAsk, err, LastLine(log))
}

// Offsets in struct __sk_buff, in bytes (include/uapi/linux/bpf.h): the words that a program may
// write and BPF_PROG_TEST_RUN hands out, in the order in which infoProgram uses them. The size is
// more than the struct has.
const skbSize = 512

var skbWords = [...]int16{
	8,              // mark: the node
	32,             // priority: the inner map's type, 0 where there is no inner map
	48, 52, 56, 60, // cb: its key_size, value_size, max_entries, map_flags
}

// infoProgram returns the code of the program.
func infoProgram(l *mapLayout, fd int) ([]byte, error) {
	insns := asm.Instructions{
		asm.Mov.Reg(asm.R6, asm.R1),
		asm.LoadMapPtr(asm.R7, fd),
		asm.LoadMem(asm.R1, asm.R7, l.node, asm.Word),
		asm.StoreMem(asm.R6, skbWords[0], asm.R1, asm.Word),
		asm.LoadMem(asm.R7, asm.R7, l.inner, asm.DWord),
		asm.Mov.Imm(asm.R0, 1),
		asm.Instruction{OpCode: asm.OpCode(asm.JumpClass).SetJumpOp(asm.JNE).
			SetSource(asm.ImmSource), Dst: asm.R7, Offset: 1},
		asm.Return(),
	}
	for i, off := range []int16{l.mapType, l.keySize, l.valueSize, l.maxEntries, l.flags} {
		insns = append(insns, asm.LoadMem(asm.R1, asm.R7, off, asm.Word),
			asm.StoreMem(asm.R6, skbWords[i+1], asm.R1, asm.Word))
	}
	insns = append(insns, asm.Return())
	var code bytes.Buffer
	if err := insns.Marshal(&code, nativeOrder()); err != nil {
		return nil, fmt.Errorf("write the program that looks at a map: %w", err)
	}
	return code.Bytes(), nil
}

// nativeOrder returns this machine's byte order as package asm knows it.
func nativeOrder() binary.ByteOrder {
	if binary.NativeEndian.Uint16([]byte{1, 0}) == 1 {
		return binary.LittleEndian
	}
	return binary.BigEndian
}

// parseInfo reads what the program wrote.
func parseInfo(skb *[skbSize]byte) *KernelMapInfo {
	var w [len(skbWords)]uint32
	for i, off := range skbWords {
		w[i] = binary.NativeEndian.Uint32(skb[off:])
	}
	info := &KernelMapInfo{Node: w[0]}
	if w[1] != 0 {
		info.Inner = &InnerMeta{Type: w[1], KeySize: w[2], ValueSize: w[3], MaxEntries: w[4],
			Flags: w[5]}
	}
	return info
}

// testRunAttr mirrors what BPF_PROG_TEST_RUN reads.
type testRunAttr struct {
	fd, result                uint32
	dataSizeIn, dataSizeOut   uint32
	dataIn, dataOut           unsafe.Pointer
	repeat, duration          uint32
	contextSizeIn, contextOut uint32
	contextIn, context        unsafe.Pointer
}

// runOnce runs a program over a packet of zeros, and takes its context afterwards.
func runOnce(program int, context *[skbSize]byte) error {
	var packet [64]byte // as short as an Ethernet frame may be
	attr := testRunAttr{
		fd: uint32(program), dataSizeIn: uint32(len(packet)), dataIn: unsafe.Pointer(&packet),
		repeat: 1, contextOut: uint32(len(context)), context: unsafe.Pointer(context),
	}
	_, _, errno := unix.Syscall(unix.SYS_BPF, cmdTestRun, uintptr(unsafe.Pointer(&attr)),
		unsafe.Sizeof(attr))
	runtime.KeepAlive(&packet)
	runtime.KeepAlive(context)
	if errno != 0 {
		return errno
	}
	return nil
}
