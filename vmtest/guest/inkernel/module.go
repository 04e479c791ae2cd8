// SPDX-License-Identifier: Apache-2.0

// Package inkernel runs code in the kernel of a guest, for faults that the harness has to notice.
// User space can neither switch interrupts off nor make a stock kernel oops, and a module of our
// own would have to be built for each kernel; but a kernel's own module, with other code in its
// init function, is one that it loads.
//
// It is for x86-64, and for guests that are thrown away.
package inkernel

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"golang.org/x/sys/unix"
)

// Code that no kernel survives.
var (
	NullWrite             = []byte{0x31, 0xc0, 0x89, 0x00} // xor eax, eax; mov [rax], eax
	HangWithoutInterrupts = []byte{0xfa, 0xeb, 0xfe}       // cli; 1: jmp 1b
)

// victim names the module that lends its body: every image has it, and nothing depends on it.
const victim = "dummy"

// Run runs code on the first CPU, as the body of a module's init function: its result in eax is
// what loading the module comes to.
func Run(code []byte) error {
	module, err := readVictim()
	if err != nil {
		return err
	}
	module = withoutSignature(module)
	if err := putCode(module, code); err != nil {
		return fmt.Errorf("module %s: %w", victim, err)
	}
	if err := unix.DeleteModule(victim, 0); err != nil && !errors.Is(err, unix.ENOENT) {
		return fmt.Errorf("unload %s: %w", victim, err)
	}
	runtime.LockOSThread() // one CPU is enough to lose
	var first unix.CPUSet
	first.Set(0)
	if err := unix.SchedSetaffinity(0, &first); err != nil {
		return fmt.Errorf("stay on the first CPU: %w", err)
	}
	return unix.InitModule(module, "")
}

// readVictim reads the module, which an image has uncompressed.
func readVictim() ([]byte, error) {
	files, err := filepath.Glob("/lib/modules/*/kernel/drivers/net/" + victim + ".ko")
	if err != nil {
		return nil, err
	}
	if len(files) != 1 {
		return nil, fmt.Errorf("want one %s.ko, found %q", victim, files)
	}
	return os.ReadFile(files[0])
}

// withoutSignature cuts off what signs a module: a kernel refuses a wrong signature, and takes a
// module without one unless it is locked down. It is the signature, struct module_signature
// (include/linux/module_signature.h, 12 bytes, the size last and big-endian), and a marker.
func withoutSignature(module []byte) []byte {
	const infoSize = 12
	body, signed := bytes.CutSuffix(module, []byte("~Module signature appended~\n"))
	if !signed || len(body) < infoSize {
		return module
	}
	size := uint64(binary.BigEndian.Uint32(body[len(body)-4:]))
	if size > uint64(len(body)-infoSize) {
		return module
	}
	return body[:uint64(len(body)-infoSize)-size]
}

// putCode puts code into the init function, behind what the kernel patches: endbr64, and the call
// of ftrace. Relocations that would write to it are made to do nothing.
func putCode(module, code []byte) error {
	f, err := elf.NewFile(bytes.NewReader(module))
	if err != nil {
		return err
	}
	symbols, err := f.Symbols()
	if err != nil {
		return err
	}
	for _, s := range symbols {
		if s.Name != "init_module" {
			continue
		}
		section := f.Sections[s.Section]
		text, err := section.Data()
		if err != nil {
			return err
		}
		at := behindPrologue(text, s.Value)
		end := at + uint64(len(code))
		if end > uint64(len(text)) {
			return errors.New("init_module is too short")
		}
		copy(module[section.Offset+at:], code)
		return unrelocate(module, f, s.Section, at, end)
	}
	return errors.New("no init_module")
}

func behindPrologue(text []byte, at uint64) uint64 {
	if at <= uint64(len(text)) && bytes.HasPrefix(text[at:], []byte{0xf3, 0x0f, 0x1e, 0xfa}) {
		at += 4
	}
	if at < uint64(len(text)) && text[at] == 0xe8 {
		at += 5
	}
	return at
}

// unrelocate makes relocations that write to the section between from and to do nothing.
func unrelocate(module []byte, f *elf.File, section elf.SectionIndex, from, to uint64) error {
	const size = 24 // of Elf64_Rela
	for _, s := range f.Sections {
		if s.Type != elf.SHT_RELA || elf.SectionIndex(s.Info) != section {
			continue
		}
		data, err := s.Data()
		if err != nil {
			return err
		}
		for i := 0; i+size <= len(data); i += size {
			width := uint64(4)
			if elf.R_X86_64(uint32(f.ByteOrder.Uint64(data[i+8:]))) == elf.R_X86_64_64 {
				width = 8
			}
			if at := f.ByteOrder.Uint64(data[i:]); at < to && from < at+width {
				none := module[s.Offset+uint64(i)+8:]
				f.ByteOrder.PutUint64(none, uint64(elf.R_X86_64_NONE))
			}
		}
	}
	return nil
}
