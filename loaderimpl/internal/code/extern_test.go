// SPDX-License-Identifier: Apache-2.0

package code

import (
	"testing"

	"github.com/cilium/ebpf/asm"
	"github.com/google/go-cmp/cmp"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/objfile"
)

// TestWhatTheKernelHasIsWrittenIntoInstructions assembles a load and a call of each kind of symbol.
func TestWhatTheKernelHasIsWrittenIntoInstructions(t *testing.T) {
	// The load goes to r3, and the call is one as compilers write it.
	load := [2 * objfile.InsnSize]byte{0: opLoad64}
	call := [objfile.InsnSize]byte{0: opCall}
	if objfile.NativeLittle {
		load[1], call[1] = 3, pseudoCall<<4
	} else {
		load[1], call[1] = 3<<4, pseudoCall
	}
	objfile.NativeOrder().PutUint32(call[4:], ^uint32(0))
	fn := Function{Name: "f", Code: append(load[:], call[:]...),
		Refs: []Reference{{Insn: 0, Kind: RefSymbol, Target: 1}, {Insn: 2, Kind: RefKfunc, Target: 1}}}
	type instruction struct {
		Source     asm.Register
		Offset     int16
		Constant   int64
		NeedsTypes bool
	}
	for name, tc := range map[string]struct {
		symbol     Symbol
		load, call instruction
	}{
		"missing": {Symbol{}, instruction{}, instruction{Constant: PoisonKfunc + 1}},
		"address": {Symbol{Found: true, Address: 0xffffffff81001230}, instruction{Constant: -0x7effedd0}, instruction{Source: pseudoKfunc}},
		"vmlinux": {Symbol{Found: true, ID: 77}, instruction{Source: pseudoBTFID, Constant: 77},
			instruction{Source: pseudoKfunc, Constant: 77}},
		"module": {Symbol{Found: true, ID: 77, TypesFD: 5, Index: 3}, instruction{Source: pseudoBTFID, Constant: 5<<32 | 77},
			instruction{Source: pseudoKfunc, Offset: 3, Constant: 77, NeedsTypes: true}},
	} {
		b, err := Assemble([]Function{fn}, 0, objfile.NativeOrder(), nil, []Symbol{{}, tc.symbol})
		if err != nil {
			t.Fatal(err)
		}
		read := func(at int) instruction {
			raw := b.Code[at*objfile.InsnSize:]
			source, target := raw[1]>>4, raw[1]&0xf
			if !objfile.NativeLittle {
				source, target = target, source
			}
			i := instruction{Source: asm.Register(source), Offset: int16(b.order.Uint16(raw[2:])), Constant: int64(int32(b.order.Uint32(raw[4:])))}
			if raw[0] == opLoad64 {
				if target != 3 {
					t.Errorf("%s: the load goes to r%d", name, target)
				}
				i.Constant = int64(b.order.Uint32(raw[objfile.InsnSize+4:]))<<32 | int64(b.order.Uint32(raw[4:]))
			} else {
				i.NeedsTypes = b.NeedsTypes
			}
			return i
		}
		if diff := cmp.Diff([]instruction{tc.load, tc.call}, []instruction{read(0), read(2)}); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", name, diff)
		}
		if fn.Code[0] != opLoad64 || fn.Code[4] != 0 {
			t.Fatal("the object's own bytes are changed")
		}
	}
}
