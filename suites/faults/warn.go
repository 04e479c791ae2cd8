// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"encoding/binary"
	"fmt"
	"os"
	"strconv"
	"strings"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
	"github.com/loadstone-bpf/loadstone/vmtest/guest/inkernel"
)

// warn has the kernel warn as WARN does: with its own banner and stack, through its own __warn
// (kernel/panic.c).
func warn(Faults) error {
	address, err := kernelSymbol("__warn")
	if err != nil {
		return err
	}
	code := []byte{
		0x55,       // push rbp
		0x31, 0xff, // xor edi, edi: no file
		0x31, 0xf6, // xor esi, esi: no line
		0x48, 0x8d, 0x15, 0xf9, 0xff, 0xff, 0xff, // lea rdx, [rip-7]: the caller is here
		0xb9, 9, 0, 0, 0, // mov ecx, TAINT_WARN
		0x45, 0x31, 0xc0, // xor r8d, r8d: no registers
		0x45, 0x31, 0xc9, // xor r9d, r9d: no text
		0x48, 0xb8, // mov rax, address
	}
	code = binary.LittleEndian.AppendUint64(code, address)
	code = append(code,
		0xff, 0xd0, // call rax
		0x5d,       // pop rbp
		0x31, 0xc0, // xor eax, eax
		0xc3, // ret
	)
	return inkernel.Run(code)
}

// kernelSymbol returns the address of a function of the kernel.
func kernelSymbol(name string) (uint64, error) {
	symbols, err := os.ReadFile("/proc/kallsyms")
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(symbols)) {
		if fields := strings.Fields(line); len(fields) == 3 && fields[2] == name {
			return strconv.ParseUint(fields[0], 16, 64)
		}
	}
	return 0, fmt.Errorf("the kernel has no symbol %s", name)
}
