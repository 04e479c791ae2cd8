// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"errors"
	"fmt"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// progLoadAttr mirrors what BPF_PROG_LOAD reads.
type progLoadAttr struct {
	progType, insnCount         uint32
	insns, license              unsafe.Pointer
	logLevel, logSize           uint32
	log                         unsafe.Pointer
	version, flags              uint32
	name                        [16]byte
	ifindex, attachType         uint32
	btfFD, funcInfoSize         uint32
	funcInfo                    unsafe.Pointer
	funcInfoCount, lineInfoSize uint32
	lineInfo                    unsafe.Pointer
	lineInfoCount, attachBTF    uint32
	attachFD, coreCount         uint32
	fds                         unsafe.Pointer
	coreRelos                   uint64
	coreSize, logTrueSize       uint32
	tokenFD, _                  uint32
}

// A Program tells what BPF_PROG_LOAD is given.
type Program struct {
	Type, AttachType, Flags uint32
	Name                    string
	Code                    []byte
	License                 string
	Version                 uint32
	AttachBTF               uint32 // id of the type that the program is bound to; 0 for none
	AttachFD                int    // descriptor of the module's types that have it; 0 for vmlinux's

	TypesFD      int    // descriptor of the object's types; used where there are Funcs
	Funcs, Lines []byte // records of FuncSize and LineSize bytes; nil for none
	FuncSize     int
	LineSize     int

	Token int // descriptor of a token; 0 for none

	// FDs are descriptors of modules' types, by the numbers that calls in the code have for them.
	FDs []int32
}

func (p *Program) attr() *progLoadAttr {
	license := append([]byte(p.License), 0)
	attr := &progLoadAttr{
		progType: p.Type, attachType: p.AttachType, flags: p.Flags, name: Name(p.Name),
		insns: unsafe.Pointer(unsafe.SliceData(p.Code)), insnCount: uint32(len(p.Code) / 8),
		license: unsafe.Pointer(unsafe.SliceData(license)), version: p.Version,
		attachBTF: p.AttachBTF, attachFD: uint32(p.AttachFD),
	}
	if len(p.FDs) > 0 {
		attr.fds = unsafe.Pointer(unsafe.SliceData(p.FDs))
	}
	if p.Token != 0 {
		attr.flags |= flagTokenFD
		attr.tokenFD = uint32(p.Token)
	}
	if p.Funcs == nil {
		return attr
	}
	attr.btfFD = uint32(p.TypesFD)
	attr.funcInfo, attr.funcInfoSize = unsafe.Pointer(unsafe.SliceData(p.Funcs)), uint32(p.FuncSize)
	attr.funcInfoCount = uint32(len(p.Funcs) / p.FuncSize)
	if p.Lines != nil {
		attr.lineInfo, attr.lineInfoSize = unsafe.Pointer(unsafe.SliceData(p.Lines)),
			uint32(p.LineSize)
		attr.lineInfoCount = uint32(len(p.Lines) / p.LineSize)
	}
	return attr
}

// LoadProgram loads a program. With a level of 0 there is a log only if the kernel refuses the
// program.
//
// The verifier runs at most twice, and the errno is that of the attempt without a log, if there
// were both: one with a log can end with ENOSPC, which says that the log did not fit, and nothing
// of the program. The log is cut to 16 MiB, with its end kept.
func LoadProgram(p *Program, level uint32) (fd int, log string, err error) {
	return loadProgram(p, level, mostLog())
}

// loadProgram does what LoadProgram does with a buffer of so many bytes for the log.
func loadProgram(p *Program, level uint32, logSize int) (fd int, log string, err error) {
	attr := p.attr()
	if level == 0 {
		if fd, err = tryLoadProg(attr); err == nil {
			return fd, "", nil
		}
		fd, log, again := loadWithLog(attr, 1, logSize)
		if again == nil { // what the kernel lacked before, such as memory, it has now
			return fd, log, nil
		}
		return -1, log, err
	}
	fd, log, err = loadWithLog(attr, level, logSize)
	if errors.Is(err, unix.ENOSPC) {
		attr.logLevel, attr.logSize, attr.log = 0, 0, nil
		fd, err = tryLoadProg(attr)
	}
	return fd, log, err
}

// loadWithLog loads a program, and returns what the verifier says of it.
func loadWithLog(attr *progLoadAttr, level uint32, size int) (int, string, error) {
	buf := newLogBuffer(size)
	defer buf.free()
	attr.logLevel, attr.logSize = level, uint32(len(buf.mem))
	attr.log = unsafe.Pointer(unsafe.SliceData(buf.mem))
	fd, err := tryLoadProg(attr)
	return fd, buf.text(errors.Is(err, unix.ENOSPC)), err
}

// tryLoadProg loads a program. The verifier gives up with EAGAIN when a signal comes in.
func tryLoadProg(attr *progLoadAttr) (fd int, err error) {
	unmask := maskTicks()
	defer unmask()
	const attempts = 30
	for range attempts {
		fd, err = bpfFD(cmdProgLoad, unsafe.Pointer(attr), unsafe.Sizeof(*attr))
		if !errors.Is(err, unix.EAGAIN) {
			return fd, err
		}
	}
	return fd, fmt.Errorf("%d attempts: %w", attempts, err)
}

// maskTicks keeps the signals of Go's scheduler and profiler from this thread until the function
// that it returns is called. The profiler's come a hundred times a second, so that no verification
// that takes longer than that would ever end.
func maskTicks() (unmask func()) {
	runtime.LockOSThread()
	var ticks, before unix.Sigset_t
	const bits = unsafe.Sizeof(ticks.Val[0]) * 8
	for _, s := range []unix.Signal{unix.SIGPROF, unix.SIGURG} {
		ticks.Val[uintptr(s-1)/bits] |= 1 << (uintptr(s-1) % bits)
	}
	if err := unix.PthreadSigmask(unix.SIG_BLOCK, &ticks, &before); err != nil {
		return runtime.UnlockOSThread // which costs attempts, and no more
	}
	return func() {
		if err := unix.PthreadSigmask(unix.SIG_SETMASK, &before, nil); err != nil {
			return // the thread stays locked to this goroutine, and ends with it
		}
		runtime.UnlockOSThread()
	}
}

// LoadBTF loads types, with a token if its descriptor is not 0. If the kernel refuses them, the log
// says which and why.
func LoadBTF(blob []byte, token int) (fd int, log string, err error) {
	attr := struct {
		btf, log                unsafe.Pointer
		size, logSize, logLevel uint32
		logTrueSize             uint32
		flags, tokenFD          uint32
	}{btf: unsafe.Pointer(unsafe.SliceData(blob)), size: uint32(len(blob))}
	if token != 0 {
		attr.flags, attr.tokenFD = flagTokenFD, uint32(token)
	}
	fd, err = bpfFD(cmdBTFLoad, unsafe.Pointer(&attr), unsafe.Sizeof(attr))
	if err == nil {
		return fd, "", nil
	}
	buf := newLogBuffer(btfLog)
	defer buf.free()
	attr.log, attr.logSize = unsafe.Pointer(unsafe.SliceData(buf.mem)), uint32(len(buf.mem))
	attr.logLevel = 1
	fd, again := bpfFD(cmdBTFLoad, unsafe.Pointer(&attr), unsafe.Sizeof(attr))
	if again == nil {
		return fd, "", nil
	}
	return -1, buf.text(errors.Is(again, unix.ENOSPC)), err
}
