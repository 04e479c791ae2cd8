// SPDX-License-Identifier: Apache-2.0

package elfedit

import (
	"encoding/binary"
	"fmt"
)

// An Instruction holds the fields of one slot of BPF code, of 8 bytes. An instruction of 16 bytes
// takes two slots. See Documentation/bpf/standardization/instruction-set.rst of the kernel.
type Instruction struct {
	Opcode   uint8
	Dst, Src uint8 // registers, 0 to 15
	Offset   int16
	Imm      int32
}

// slotSize holds the size of a slot, in bytes.
const slotSize = 8

// decode returns what a slot holds. The registers swap places with the byte order.
func decode(order binary.ByteOrder, slot []byte) Instruction {
	ins := Instruction{
		Opcode: slot[0], Dst: slot[1] & 0xf, Src: slot[1] >> 4,
		Offset: int16(order.Uint16(slot[2:])), Imm: int32(order.Uint32(slot[4:])),
	}
	if order == binary.BigEndian {
		ins.Dst, ins.Src = ins.Src, ins.Dst
	}
	return ins
}

func (ins Instruction) encode(order binary.ByteOrder, slot []byte) {
	low, high := ins.Dst, ins.Src
	if order == binary.BigEndian {
		low, high = high, low
	}
	slot[0], slot[1] = ins.Opcode, low&0xf|high<<4
	order.PutUint16(slot[2:], uint16(ins.Offset))
	order.PutUint32(slot[4:], uint32(ins.Imm))
}

// ChangeInstruction changes one slot of a section of code, by its number from 0.
func ChangeInstruction(section string, number int, does string, change func(*Instruction)) Edit {
	return onFile(func(f *file) error {
		s, err := f.section(section)
		if err != nil {
			return err
		}
		if number < 0 || (number+1)*slotSize > len(s.data) {
			return fmt.Errorf("it has %d slots", len(s.data)/slotSize)
		}
		slot := s.data[number*slotSize : (number+1)*slotSize]
		ins := decode(f.order, slot)
		change(&ins)
		ins.encode(f.order, slot)
		return nil
	}, "instruction %d of section %s: %s", number, section, does)
}

// SetInstruction puts another instruction in the place of one slot of a section of code, by its
// number from 0.
func SetInstruction(section string, number int, to Instruction) Edit {
	return ChangeInstruction(section, number, fmt.Sprintf("set to %+v", to), func(ins *Instruction) {
		*ins = to
	})
}

// SetImmediate sets the immediate value of one slot of a section of code, by its number from 0. In
// an instruction that a relocation makes to refer to a map or a variable, it is the addend.
func SetImmediate(section string, number int, to int32) Edit {
	return ChangeInstruction(section, number, fmt.Sprintf("set immediate to %d", to), func(ins *Instruction) {
		ins.Imm = to
	})
}

// AddToReference adds to what the first reference to a symbol in a section of code refers to, in
// bytes, as in &symbol + 8.
func AddToReference(section, symbol string, add int32) Edit {
	return onFile(func(f *file) error {
		s, err := f.section(section)
		if err != nil {
			return err
		}
		for _, r := range f.relocsOf(section) {
			if r.symbol.name != symbol {
				continue
			}
			if len(s.data) < slotSize || r.offset > uint64(len(s.data)-slotSize) {
				return fmt.Errorf("the reference is at %#x of %d bytes", r.offset, len(s.data))
			}
			slot := s.data[r.offset : r.offset+slotSize]
			ins := decode(f.order, slot)
			ins.Imm += add
			ins.encode(f.order, slot)
			return nil
		}
		return fmt.Errorf("no relocation of %s names %s", section, symbol)
	}, "make section %s refer to %s + %d", section, symbol, add)
}
