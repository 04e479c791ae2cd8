// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"github.com/u-root/u-root/pkg/kmodule"
	"golang.org/x/sys/unix"

	"github.com/loadstone-bpf/loadstone/vmtest/guest"
)

// x86 code that no kernel survives.
var (
	// mov dword ptr [0], 0
	nullWrite = []byte{0xc7, 0x04, 0x25, 0, 0, 0, 0, 0, 0, 0, 0}
	// cli; 1: jmp 1b
	hangWithoutInterrupts = []byte{0xfa, 0xeb, 0xfe}
)

// victim is the module that lends its body: the image has it, and nothing
// depends on it.
const victim = "dummy"

// runInKernel runs code in the kernel, on the first CPU.
//
// There is no other way to make a stock kernel oops or hang: user space can
// switch no interrupts off, and a module of our own would have to be built
// for each kernel. But a module of the kernel's own, with its init function
// overwritten, is one that it loads.
func runInKernel(code []byte) fault {
	return func(*guest.Guest, []string) error {
		module, err := poison(code)
		if err != nil {
			return err
		}
		if err := kmodule.Delete(victim, 0); err != nil {
			return fmt.Errorf("unload %s: %w", victim, err)
		}
		runtime.LockOSThread()
		var first unix.CPUSet
		first.Set(0)
		if err := unix.SchedSetaffinity(0, &first); err != nil {
			return err
		}
		return kmodule.Init(module, "")
	}
}

// poison returns the victim with code in the place of its init function.
func poison(code []byte) ([]byte, error) {
	files, err := filepath.Glob("/lib/modules/*/kernel/drivers/net/" + victim + ".ko")
	if err != nil || len(files) != 1 {
		return nil, fmt.Errorf("module %s: found %q, %w", victim, files, err)
	}
	module, err := os.ReadFile(files[0])
	if err != nil {
		return nil, err
	}
	// A wrong signature is refused where a missing one is not.
	if i := bytes.Index(module, []byte("~Module signature appended~\n")); i >= 0 {
		module = dropSignature(module[:i])
	}
	f, err := elf.NewFile(bytes.NewReader(module))
	if err != nil {
		return nil, err
	}
	section, at, err := initFunction(f)
	if err != nil {
		return nil, err
	}
	disarmRelocations(module, f, section, at, at+uint64(len(code)))
	copy(module[f.Sections[section].Offset+at:], code)
	return module, nil
}

// dropSignature removes what precedes the marker of a signed module: the
// signature, and struct module_signature with its size at the end, big endian
// (include/linux/module_signature.h).
func dropSignature(module []byte) []byte {
	const infoSize = 12
	size := int(binary.BigEndian.Uint32(module[len(module)-4:]))
	return module[:len(module)-infoSize-size]
}

// initFunction returns the section of the init function, and the offset in it
// where its body begins.
func initFunction(f *elf.File) (elf.SectionIndex, uint64, error) {
	symbols, err := f.Symbols()
	if err != nil {
		return 0, 0, err
	}
	for _, s := range symbols {
		if s.Name == "init_module" {
			at, err := body(f.Sections[s.Section], s.Value)
			return s.Section, at, err
		}
	}
	return 0, 0, errors.New("module has no init_module")
}

// body returns the offset of the first instruction of a function that is not
// there for indirect branch tracking (endbr64) or ftrace (a call, which
// the loader patches).
func body(section *elf.Section, at uint64) (uint64, error) {
	text, err := section.Data()
	if err != nil {
		return 0, err
	}
	if at+16 > uint64(len(text)) {
		return 0, errors.New("init_module is too short")
	}
	if bytes.HasPrefix(text[at:], []byte{0xf3, 0x0f, 0x1e, 0xfa}) {
		at += 4
	}
	if text[at] == 0xe8 {
		at += 5
	}
	return at, nil
}

// disarmRelocations makes the loader leave a section alone between two offsets.
func disarmRelocations(module []byte, f *elf.File, section elf.SectionIndex, from, to uint64) {
	for _, s := range f.Sections {
		if s.Type != elf.SHT_RELA || elf.SectionIndex(s.Info) != section {
			continue
		}
		const size = 24 // of Elf64_Rela: offset, info, addend
		for offset := s.Offset; offset+size <= s.Offset+s.Size; offset += size {
			// A relocation writes at most eight bytes.
			if at := f.ByteOrder.Uint64(module[offset:]); at+8 > from && at < to {
				f.ByteOrder.PutUint64(module[offset+8:], uint64(elf.R_X86_64_NONE))
			}
		}
	}
}
