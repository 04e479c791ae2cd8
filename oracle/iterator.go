// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"time"
	"unsafe"

	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/btf"
	"golang.org/x/sys/unix"
)

// The oracle loads iterator programs with system calls of its own. cilium/ebpf reads all of the
// kernel's BTF for every program that attaches to a function, and in an emulated machine that takes
// seconds.

// iterate runs a program over all objects of an iterator, which is named by the BTF id of its
// function in the kernel, and returns what the program wrote. It waits until program and link have
// left the kernel: the next inventory must not hold them.
func iterate(iterator btf.TypeID, code asm.Instructions) ([]byte, error) {
	program, err := loadIterator(iterator, code)
	if err != nil {
		return nil, fmt.Errorf("load iterator: %w", err)
	}
	written, ids, err := runIterator(program)
	program.Close()
	if err != nil {
		return nil, err
	}
	return written, errors.Join(waitUntilGone(KindLink, ids.link), waitUntilGone(KindProgram, ids.program))
}

// loadIterator loads an iterator program. The error wraps [ErrCannotTell] on a kernel without such
// programs.
func loadIterator(iterator btf.TypeID, code asm.Instructions) (*os.File, error) {
	var marshalled bytes.Buffer
	if err := code.Marshal(&marshalled, nativeOrder()); err != nil {
		return nil, err
	}
	license, insns := []byte("GPL\x00"), marshalled.Bytes() // bpf_seq_write is for GPL programs
	attr := struct {                                        // union bpf_attr, as far as attach_btf_id
		progType, insnCount        uint32
		insns, license             unsafe.Pointer
		logLevel, logSize          uint32
		log                        unsafe.Pointer
		version, flags             uint32
		name                       [16]byte
		ifindex, attachType        uint32
		btfFD, funcInfoSize        uint32
		funcInfo                   unsafe.Pointer
		funcInfoCount, lineSize    uint32
		lines                      unsafe.Pointer
		lineInfoCount, attachBTFID uint32
	}{
		progType: unix.BPF_PROG_TYPE_TRACING, attachType: unix.BPF_TRACE_ITER, attachBTFID: uint32(iterator),
		insns: unsafe.Pointer(unsafe.SliceData(insns)), insnCount: uint32(len(insns) / asm.InstructionSize),
		license: unsafe.Pointer(unsafe.SliceData(license)),
	}
	copy(attr.name[:], iteratorName)
	fd, err := bpfFD(unix.BPF_PROG_LOAD, unsafe.Pointer(&attr), unsafe.Sizeof(attr))
	runtime.KeepAlive(&attr)
	if errors.Is(err, unix.EINVAL) {
		return nil, fmt.Errorf("%w: %w", ErrCannotTell, err)
	}
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), "iterator program"), nil
}

// nativeOrder returns this machine's byte order as one of the two: some packages compare, and
// binary.NativeEndian equals neither.
func nativeOrder() binary.ByteOrder {
	if binary.NativeEndian.Uint16([]byte{1, 0}) == 1 {
		return binary.LittleEndian
	}
	return binary.BigEndian
}

const iteratorName = "oracle_iter"

// iteratorIDs holds the ids of an iterator's program and link.
type iteratorIDs struct{ program, link uint32 }

// runIterator attaches an iterator program, reads what it writes, and detaches it. The link may
// live on for a moment.
func runIterator(program *os.File) (written []byte, ids iteratorIDs, err error) {
	create := struct {
		program, target, attachType, flags uint32
		info                               unsafe.Pointer
		infoSize, _                        uint32
	}{program: uint32(program.Fd()), attachType: unix.BPF_TRACE_ITER}
	fd, err := bpfFD(unix.BPF_LINK_CREATE, unsafe.Pointer(&create), unsafe.Sizeof(create))
	if err != nil {
		return nil, ids, fmt.Errorf("attach iterator: %w", err)
	}
	link := os.NewFile(uintptr(fd), "iterator link")
	defer link.Close()
	if ids.program, err = idOf(program); err != nil {
		return nil, ids, err
	}
	if ids.link, err = idOf(link); err != nil {
		return nil, ids, err
	}
	open := struct{ link, flags uint32 }{link: uint32(link.Fd())}
	fd, err = bpfFD(unix.BPF_ITER_CREATE, unsafe.Pointer(&open), unsafe.Sizeof(open))
	if err != nil {
		return nil, ids, fmt.Errorf("open iterator: %w", err)
	}
	run := os.NewFile(uintptr(fd), "iterator")
	defer run.Close()
	if written, err = io.ReadAll(run); err != nil {
		return nil, ids, fmt.Errorf("read iterator: %w", err)
	}
	return written, ids, nil
}

// mostWait limits how long the kernel may take to free what was let go of, in an emulated machine
// too.
const mostWait = 10 * time.Second

// waitUntilGone returns when the kernel has no object of that kind and id any more, or with an
// error after [mostWait].
func waitUntilGone(kind Kind, id uint32) error {
	for deadline := time.Now().Add(mostWait); ; <-time.After(time.Millisecond) {
		f, err := open(kind, id)
		if errors.Is(err, ErrNoSuchObject) {
			return nil
		}
		if err != nil {
			return err
		}
		f.Close()
		if time.Now().After(deadline) {
			return fmt.Errorf("%s %d of the oracle itself is still there after %v", kind, id, mostWait)
		}
	}
}
