// SPDX-License-Identifier: Apache-2.0

package faults

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

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// x86 code that no kernel survives. It is short, to fit between two relocations.
var (
	nullWrite             = []byte{0x31, 0xc0, 0x89, 0x00} // xor eax, eax; mov [rax], eax
	hangWithoutInterrupts = []byte{0xfa, 0xeb, 0xfe}       // cli; 1: jmp 1b
)

// victim is the module that lends its body: every image has it, and nothing depends on it.
const victim = "dummy"

// runInKernel runs code in the kernel. User space can neither switch interrupts off nor make a stock kernel oops, and a module of our own would
// have to be built for each kernel; but a kernel's own module, with other code in its init function, is one that it loads.
func runInKernel(code []byte) func(Faults) error {
	return func(Faults) error {
		module, err := readVictim()
		if err != nil {
			return err
		}
		module = withoutSignature(module)
		at, err := roomForCode(module, len(code))
		if err != nil {
			return fmt.Errorf("module %s: %w", victim, err)
		}
		copy(module[at:], code)
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

// withoutSignature cuts off what signs a module: a kernel refuses a wrong signature, and takes a module without one unless it is locked down. It
// is the signature, struct module_signature (include/linux/module_signature.h, 12 bytes, the size last and big-endian), and a marker.
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

// roomForCode is the offset in the file of the first size bytes of the init function that no relocation writes to, behind what the kernel patches:
// endbr64, and the call of ftrace.
func roomForCode(module []byte, size int) (uint64, error) {
	f, err := elf.NewFile(bytes.NewReader(module))
	if err != nil {
		return 0, err
	}
	symbols, err := f.Symbols()
	if err != nil {
		return 0, err
	}
	for _, s := range symbols {
		if s.Name != "init_module" {
			continue
		}
		section := f.Sections[s.Section]
		text, err := section.Data()
		if err != nil {
			return 0, err
		}
		at := behindPrologue(text, s.Value)
		if at+uint64(size) > uint64(len(text)) {
			return 0, errors.New("init_module is too short")
		}
		return section.Offset + at, relocated(f, s.Section, at, at+uint64(size))
	}
	return 0, errors.New("no init_module")
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

// relocated returns an error if a relocation writes to the section between from and to.
func relocated(f *elf.File, section elf.SectionIndex, from, to uint64) error {
	const size = 24 // of Elf64_Rela
	for _, s := range f.Sections {
		if s.Type != elf.SHT_RELA || elf.SectionIndex(s.Info) != section {
			continue
		}
		data, err := s.Data()
		if err != nil {
			return err
		}
		for ; len(data) >= size; data = data[size:] {
			width := uint64(4)
			if elf.R_X86_64(uint32(f.ByteOrder.Uint64(data[8:]))) == elf.R_X86_64_64 {
				width = 8
			}
			if at := f.ByteOrder.Uint64(data); at < to && from < at+width {
				return fmt.Errorf("init_module is relocated at %#x", at)
			}
		}
	}
	return nil
}
