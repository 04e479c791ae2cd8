// SPDX-License-Identifier: Apache-2.0

package code

import (
	"fmt"

	"github.com/cilium/ebpf/btf"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/externs"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/objfile"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
)

// Instructions that refer to the kernel (include/uapi/linux/bpf.h).
const (
	pseudoBTFID = 3 // of opLoad64: a variable or function of the kernel's
	pseudoKfunc = 2 // of opCall
)

// PoisonKfunc is the number of a helper that does not exist, to which the index of an extern is
// added. A call of a weak function that the kernel does not have becomes a call of it, which the
// verifier refuses only where it is reached (libbpf: POISON_CALL_KFUNC_BASE).
const PoisonKfunc = 2_002_000_000

// A Symbol is what the kernel has for an extern.
type Symbol struct {
	Found   bool       // false for a weak extern that the kernel does not have
	ID      btf.TypeID // of the variable or function in the kernel's types; 0 for one without a type
	TypesFD int        // descriptor of the types of the module that has it; 0 for vmlinux's
	Index   int16      // of that descriptor among those that a program is loaded with
	Address uint64     // of one without a type
}

// extern refers to a variable of the kernel's, or to the address of a function.
func (r *resolver) extern(y *objfile.Symbol, addend int64) (*Reference, error) {
	i, known := r.externs.Named(y.Name)
	if !known {
		return nil, fmt.Errorf("symbol %s is in no section: %w", y.Name, refuse.ErrRelocation)
	}
	e := &r.externs.Externs[i]
	switch {
	case e.Kind == externs.Option && addend >= 0 && addend < int64(e.Size):
		return &Reference{Kind: RefData, Target: r.options, Offset: e.Offset + uint32(addend)}, nil
	case e.Kind == externs.Option || addend != 0:
		return nil, fmt.Errorf("%d bytes into %s: %w", addend, y.Name, refuse.ErrExternOffset)
	}
	return &Reference{Kind: RefSymbol, Target: i}, nil
}

// kfunc refers to a function of the kernel's that is called.
func (r *resolver) kfunc(y *objfile.Symbol, imm int64) (*Reference, error) {
	i, known := r.externs.Named(y.Name)
	switch {
	case !known:
		return nil, fmt.Errorf("symbol %s is in no section: %w", y.Name, refuse.ErrRelocation)
	case r.externs.Externs[i].Kind != externs.Function:
		return nil, fmt.Errorf("call of %s: %w", y.Name, refuse.ErrExternUse)
	case imm != -1:
		return nil, fmt.Errorf("call %d instructions into %s: %w", imm+1, y.Name,
			refuse.ErrExternOffset)
	}
	return &Reference{Kind: RefKfunc, Target: i}, nil
}

// fillSymbol writes into a load what the kernel has for an extern: its type, or its address, which
// is zero where the kernel does not have it.
func (b *Body) fillSymbol(code []byte, s *Symbol) {
	source, low, high := byte(0), uint32(s.Address), uint32(s.Address>>32)
	if s.ID != 0 {
		source, low, high = pseudoBTFID, uint32(s.ID), uint32(s.TypesFD)
	}
	setSource(code, source)
	b.order.PutUint32(code[4:], low)
	b.order.PutUint32(code[objfile.InsnSize+4:], high)
}

// fillKfunc writes a call of a function of the kernel's.
func (b *Body) fillKfunc(code []byte, target int, s *Symbol) {
	if !s.Found {
		call := [objfile.InsnSize]byte{0: opCall}
		copy(code, call[:])
		b.order.PutUint32(code[4:], PoisonKfunc+uint32(target))
		return
	}
	setSource(code, pseudoKfunc)
	b.order.PutUint16(code[2:], uint16(s.Index))
	b.order.PutUint32(code[4:], uint32(s.ID))
	b.NeedsTypes = b.NeedsTypes || s.Index != 0
}

// setSource changes the source register of an instruction for this machine.
func setSource(insn []byte, source byte) {
	if objfile.NativeLittle {
		insn[1] = insn[1]&0x0f | source<<4
	} else {
		insn[1] = insn[1]&0xf0 | source
	}
}

// Kfuncs reports whether the code calls functions of the kernel's, and whether some are a module's.
func (b *Body) Kfuncs(symbols []Symbol) (calls, ofModule bool) {
	for _, i := range b.Order {
		for _, ref := range b.functions[i].Refs {
			if ref.Kind == RefKfunc && symbols[ref.Target].Found {
				calls = true
				ofModule = ofModule || symbols[ref.Target].Index != 0
			}
		}
	}
	return calls, ofModule
}
