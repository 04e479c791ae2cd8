// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"fmt"
	"math"
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
