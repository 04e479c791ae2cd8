// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"sort"

	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/btf"
)

// poisonMap is the number of a helper that does not exist, plus the index of a map that was left out. A load of such a map becomes a call of
// it, which the verifier refuses only where it is reached (libbpf: POISON_LDIMM64_MAP_BASE).
const poisonMap = 2_001_000_000

// A body is the code of one program with all the functions it calls, as the kernel gets it.
type body struct {
	code   []byte
	starts map[int]uint32 // function, by index, to its first instruction
	order  []int          // of functions, by their start
}

// assemble puts a program's function and those it refers to one after the other, and fills in what only now is known: distances between
// functions, and descriptors of maps.
func (l *loading) assemble(entry int) (*body, error) {
	b := &body{starts: make(map[int]uint32)}
	for pending := []int{entry}; len(pending) > 0; {
		i := pending[0]
		pending = pending[1:]
		if _, done := b.starts[i]; done {
			continue
		}
		fn := &l.object.functions[i]
		b.starts[i] = uint32(len(b.code) / insnSize)
		b.order = append(b.order, i)
		b.code = append(b.code, fn.code...)
		for _, ref := range fn.refs {
			if ref.kind == refCall || ref.kind == refFunc {
				pending = append(pending, ref.target)
			}
		}
	}
	if len(b.code)/insnSize > math.MaxInt32 {
		return nil, fmt.Errorf("%d instructions: %w", len(b.code)/insnSize, ErrProgram)
	}
	for _, i := range b.order {
		for _, ref := range l.object.functions[i].refs {
			l.fill(b, b.starts[i]+ref.insn, ref)
		}
	}
	return b, nil
}

// fill writes what one instruction refers to into it.
func (l *loading) fill(b *body, insn uint32, ref reference) {
	order := l.object.file.order
	code := b.code[int(insn)*insnSize:]
	source := func(pseudo byte) {
		if nativeLittle {
			code[1] = code[1]&0x0f | pseudo<<4
		} else {
			code[1] = code[1]&0xf0 | pseudo
		}
	}
	imm := func(n int, v uint32) { order.PutUint32(code[n*insnSize+4:], v) }
	switch ref.kind {
	case refCall:
		source(pseudoCall)
		imm(0, b.starts[ref.target]-insn-1)
	case refFunc:
		source(pseudoFunc)
		imm(0, b.starts[ref.target]-insn-1)
		imm(1, 0)
	case refMap, refData:
		m := l.maps[ref.target]
		if m == nil {
			call := [insnSize]byte{0: opCall}
			copy(code, call[:])
			copy(code[insnSize:], call[:])
			imm(0, poisonMap+uint32(ref.target))
			imm(1, poisonMap+uint32(ref.target))
			return
		}
		pseudo, offset := byte(pseudoMapFD), uint32(0)
		if ref.kind == refData {
			pseudo, offset = pseudoMapValue, ref.offset
		}
		source(pseudo)
		imm(0, uint32(m.FD()))
		imm(1, offset)
	}
}

// decode turns a body into instructions that carry what BTF says of them: functions, source lines, CO-RE relocations.
func (l *loading) decode(b *body) (asm.Instructions, error) {
	insns, err := asm.AppendInstructions(make(asm.Instructions, 0, len(b.code)/insnSize), bytes.NewReader(b.code), l.object.file.order, "linux")
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrProgram, err)
	}
	ext, err := l.extInfos()
	if err != nil || ext == nil {
		return insns, err
	}
	byOffset := make(map[asm.RawInstructionOffset]*asm.Instruction, len(insns))
	iter := insns.Iterate()
	for iter.Next() {
		byOffset[iter.Offset] = iter.Ins
	}
	for _, i := range b.order {
		if err := describe(byOffset, &l.object.functions[i], b.starts[i], ext); err != nil {
			return nil, err
		}
	}
	return insns, nil
}

// describe gives the instructions of one function what its section's BTF says of them.
func describe(insns map[asm.RawInstructionOffset]*asm.Instruction, fn *function, start uint32, ext *btf.ExtInfos) error {
	funcs, lines, relos := ext.Section(fn.section.name)
	first := asm.RawInstructionOffset(fn.offset / insnSize)
	end := first + asm.RawInstructionOffset(len(fn.code)/insnSize)
	to := func(off asm.RawInstructionOffset) *asm.Instruction {
		return insns[off-first+asm.RawInstructionOffset(start)]
	}

	from, upto := span(len(funcs), func(i int) asm.RawInstructionOffset { return funcs[i].Offset }, first, end)
	for _, f := range funcs[from:upto] {
		if ins := to(f.Offset); ins != nil {
			*ins = btf.WithFuncMetadata(*ins, f.Func)
		}
	}
	from, upto = span(len(lines), func(i int) asm.RawInstructionOffset { return lines[i].Offset }, first, end)
	for _, line := range lines[from:upto] {
		if ins := to(line.Offset); ins != nil {
			*ins = ins.WithSource(line.Line)
		}
	}
	from, upto = span(len(relos), func(i int) asm.RawInstructionOffset { return relos[i].Offset }, first, end)
	for _, r := range relos[from:upto] {
		ins := to(r.Offset)
		if ins == nil {
			return fmt.Errorf("CO-RE relocation inside of instruction %d: %w", r.Offset, ErrRelocation)
		}
		*ins = btf.WithCORERelocationMetadata(*ins, r.Relo)
	}
	return nil
}

// span is the part of a list, sorted by offsets, that lies from first up to end.
func span(n int, offset func(int) asm.RawInstructionOffset, first, end asm.RawInstructionOffset) (int, int) {
	from := sort.Search(n, func(i int) bool { return offset(i) >= first })
	return from, sort.Search(n, func(i int) bool { return offset(i) >= end })
}

// extInfos reads .BTF.ext, once. It returns nil for an object without.
func (l *loading) extInfos() (*btf.ExtInfos, error) {
	o := l.object
	if l.ext != nil || o.types == nil || o.file.named(btfExtSection) == nil {
		return l.ext, nil
	}
	_, ext, err := btf.LoadSpecAndExtInfosFromReader(bytes.NewReader(o.file.data))
	if err != nil {
		return nil, at(StageRelocate, btfExtSection, "", fmt.Errorf("%w: %w", ErrBTF, err))
	}
	if ext == nil {
		return nil, nil
	}
	for _, list := range ext.Funcs {
		slices.SortStableFunc(list, func(a, b btf.FuncOffset) int { return int(a.Offset) - int(b.Offset) })
	}
	l.ext = ext
	return ext, nil
}
