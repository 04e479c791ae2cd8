// SPDX-License-Identifier: Apache-2.0

package code

import (
	"fmt"
	"math"
	"slices"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/objfile"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/typeinfo"
)

// PoisonMap is the number of a helper that does not exist, to which the index of a map that was
// left out is added. A load of such a map becomes a call of it, which the verifier refuses only
// where it is reached (libbpf: POISON_LDIMM64_MAP_BASE).
const PoisonMap = 2_001_000_000

// A Body holds the code of one program with all the functions it calls, as the kernel gets it.
type Body struct {
	Code   []byte
	Starts map[int]uint32 // function, by index, to its first instruction
	Order  []int          // of functions, by their start

	// NeedsTypes says that the kernel has to be given descriptors of modules' types.
	NeedsTypes bool

	functions []Function
	order     objfile.ByteOrder
}

// A MapRef says how instructions refer to a map in the kernel.
type MapRef struct {
	FD   int    // [NoMap] for a map that was left out
	Data uint32 // where in it the section of the object is, bytes
}

// NoMap stands for the descriptor of a map that was left out.
const NoMap = -1

// Assemble puts a program's function and those it refers to one after the other, and fills in what
// only now is known: distances between functions, descriptors of maps, and what the kernel has for
// externs. Maps and symbols are in the order in which references name them by index.
func Assemble(functions []Function, entry int, order objfile.ByteOrder, maps []MapRef,
	symbols []Symbol) (*Body, error) {
	b := &Body{Starts: make(map[int]uint32), functions: functions, order: order,
		Order: Reached(functions, entry)}
	for _, i := range b.Order {
		b.Starts[i] = uint32(len(b.Code) / objfile.InsnSize)
		b.Code = append(b.Code, functions[i].Code...)
	}
	if len(b.Code)/objfile.InsnSize > math.MaxInt32 {
		return nil, fmt.Errorf("%d instructions: %w", len(b.Code)/objfile.InsnSize,
			refuse.ErrProgram)
	}
	for _, i := range b.Order {
		for _, ref := range functions[i].Refs {
			b.fill(b.Starts[i]+ref.Insn, ref, maps, symbols)
		}
	}
	return b, nil
}

// Reached lists a program's function and those it refers to, in the order in which they come one
// after the other.
func Reached(functions []Function, entry int) []int {
	var order []int
	done := make(map[int]bool)
	for pending := []int{entry}; len(pending) > 0; {
		i := pending[0]
		pending = pending[1:]
		if done[i] {
			continue
		}
		done[i] = true
		order = append(order, i)
		for _, ref := range functions[i].Refs {
			if ref.Kind == RefCall || ref.Kind == RefFunc {
				pending = append(pending, ref.Target)
			}
		}
	}
	return order
}

// fill writes what one instruction refers to into it.
func (b *Body) fill(insn uint32, ref Reference, maps []MapRef, symbols []Symbol) {
	code := b.Code[int(insn)*objfile.InsnSize:]
	source := func(pseudo byte) { setSource(code, pseudo) }
	imm := func(n int, v uint32) { b.order.PutUint32(code[n*objfile.InsnSize+4:], v) }
	switch ref.Kind {
	case RefCall:
		source(pseudoCall)
		imm(0, b.Starts[ref.Target]-insn-1)
	case RefFunc:
		source(pseudoFunc)
		imm(0, b.Starts[ref.Target]-insn-1)
		imm(1, 0)
	case RefMap, RefData:
		to := maps[ref.Target]
		if to.FD == NoMap {
			call := [objfile.InsnSize]byte{0: opCall}
			copy(code, call[:])
			copy(code[objfile.InsnSize:], call[:])
			imm(0, PoisonMap+uint32(ref.Target))
			imm(1, PoisonMap+uint32(ref.Target))
			return
		}
		pseudo, offset := byte(pseudoMapFD), uint32(0)
		if ref.Kind == RefData {
			pseudo, offset = pseudoMapValue, to.Data+ref.Offset
		}
		source(pseudo)
		imm(0, uint32(to.FD))
		imm(1, offset)
	case RefSymbol:
		b.fillSymbol(code, &symbols[ref.Target])
	case RefKfunc:
		b.fillKfunc(code, ref.Target, &symbols[ref.Target])
	}
}

// Info returns the records of a part of .BTF.ext for a whole program, as the kernel takes them: in
// its size, with places counted in instructions of the program. It is nil if a function of the
// program does not start with a record, as the kernel takes all or nothing (check_btf_func,
// check_btf_line).
func (b *Body) Info(p *typeinfo.Part, size int) []byte {
	var out []byte
	for _, i := range b.Order {
		fn := &b.functions[i]
		records := p.In(b.order, fn.Section.Name, fn.Offset, uint64(len(fn.Code)))
		if len(records) == 0 || uint64(b.order.Uint32(records)) != fn.Offset {
			return nil
		}
		out = slices.Grow(out, len(records)/p.Size*size)
		for ; len(records) > 0; records = records[p.Size:] {
			offset := uint64(b.order.Uint32(records)) - fn.Offset
			insn := b.Starts[i] + uint32(offset/objfile.InsnSize)
			out = b.order.AppendUint32(out, insn)
			out = append(out, records[4:size]...)
		}
	}
	return out
}
