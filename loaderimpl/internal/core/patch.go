// SPDX-License-Identifier: Apache-2.0

package core

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/objfile"
)

// Parts of an instruction's first byte (include/uapi/linux/bpf_common.h, bpf.h).
const (
	classMask = 0x07
	classLD   = 0x00
	classLDX  = 0x01
	classST   = 0x02
	classSTX  = 0x03
	classALU  = 0x04
	classALU6 = 0x07 // of 64 bits

	sourceX = 0x08 // of arithmetic: the operand is a register

	sizeMask = 0x18
	load64   = 0x18 // a load of a constant of 64 bits, in two instructions
	opCall   = 0x85
)

// Poison numbers a helper that does not exist. An instruction for which the kernel's types have no
// number becomes a call of it, which the verifier refuses only where it is reached. The number is
// that of libbpf (bpf_core_poison_insn) and cilium/ebpf, so that a program has the same tag.
const Poison = 195_896_080

// Patch writes what a relocation became into an instruction; code begins with it and goes to the
// end of the program. An instruction that does not have the number that the compiler wrote, or that
// has no room for the kernel's, is refused (bpf_core_patch_insn).
func (r *Result) Patch(order objfile.ByteOrder, code []byte) error {
	wide := len(code) >= 2*objfile.InsnSize && code[0] == load64
	if r.Poisoned {
		poison(order, code, wide)
		return nil
	}
	switch code[0] & classMask {
	case classALU, classALU6:
		return r.patchArithmetic(order, code)
	case classLDX, classST, classSTX:
		return r.patchMemory(order, code)
	case classLD:
		if wide {
			return r.patchLoad(order, code)
		}
	}
	return bad("instruction of code %#02x takes no number of a type", code[0])
}

// poison makes calls of an instruction.
func poison(order objfile.ByteOrder, code []byte, wide bool) {
	call := func(insn []byte) {
		copy(insn, make([]byte, objfile.InsnSize))
		insn[0] = opCall
		order.PutUint32(insn[4:], Poison)
	}
	call(code)
	if wide {
		call(code[objfile.InsnSize:])
	}
}

// patchArithmetic changes an operand of 32 bits, which arithmetic of 64 bits extends by its sign.
func (r *Result) patchArithmetic(order objfile.ByteOrder, code []byte) error {
	if code[0]&sourceX != 0 {
		return bad("instruction of code %#02x has a register where a number is expected", code[0])
	}
	was := uint64(int64(int32(order.Uint32(code[4:]))))
	if err := r.check(was); err != nil {
		return err
	}
	fits := int64(r.Value) == int64(int32(r.Value)) ||
		code[0]&classMask == classALU && r.Value <= math.MaxUint32
	if !fits {
		return bad("%d has no room in 32 bits", int64(r.Value))
	}
	order.PutUint32(code[4:], uint32(r.Value))
	return nil
}

// patchMemory changes the offset of an access, and its size where the kernel's field has another. A
// field that cannot be accessed in another size, as its sign would be lost, must not be.
func (r *Result) patchMemory(order objfile.ByteOrder, code []byte) error {
	was := uint64(int64(int16(order.Uint16(code[2:]))))
	if err := r.check(was); err != nil {
		return err
	}
	if r.Value > math.MaxInt16 {
		return bad("offset %d has no room in 15 bits", r.Value)
	}
	if r.from.size != r.to.size {
		if !(r.from.pointer && r.to.pointer || r.from.unsigned && r.to.unsigned) {
			r.Poisoned = true
			poison(order, code, false)
			return nil
		}
		sizes := map[byte]uint32{0x18: 8, 0x00: 4, 0x08: 2, 0x10: 1} // BPF_DW, W, H, B
		if has := sizes[code[0]&sizeMask]; has != r.from.size {
			return bad("access of %d bytes to a field of %d", has, r.from.size)
		}
		changed := false
		for bits, size := range sizes {
			if size == r.to.size {
				code[0] = code[0]&^sizeMask | bits
				changed = true
			}
		}
		if !changed {
			return bad("no access has %d bytes", r.to.size)
		}
	}
	order.PutUint16(code[2:], uint16(r.Value))
	return nil
}

// patchLoad changes a constant of 64 bits.
func (r *Result) patchLoad(order objfile.ByteOrder, code []byte) error {
	next := code[objfile.InsnSize:]
	source := code[1] >> 4
	if order != objfile.ByteOrder(binary.LittleEndian) {
		source = code[1] & 0xf
	}
	if source != 0 || order.Uint16(code[2:]) != 0 || next[0] != 0 || next[1] != 0 ||
		order.Uint16(next[2:]) != 0 {
		return bad("a load of a constant that refers to something, too")
	}
	was := uint64(order.Uint32(code[4:])) | uint64(order.Uint32(next[4:]))<<32
	if err := r.check(was); err != nil {
		return err
	}
	order.PutUint32(code[4:], uint32(r.Value))
	order.PutUint32(next[4:], uint32(r.Value>>32))
	return nil
}

// check holds an instruction to the number that the compiler wrote.
func (r *Result) check(was uint64) error {
	if r.Checked && was != r.Original {
		return bad("the instruction has %d, and the object's types say %d", int64(was),
			int64(r.Original))
	}
	return nil
}

// String returns what the relocation became.
func (r *Result) String() string {
	if r.Poisoned {
		return "poisoned"
	}
	return fmt.Sprintf("%d", r.Value)
}
