// SPDX-License-Identifier: Apache-2.0

package linker

import (
	"debug/elf"
	"encoding/binary"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/objfile"
)

// insn returns an instruction, little-endian.
func insn(op, registers byte, offset int16, imm int32) []byte {
	b := binary.LittleEndian.AppendUint16([]byte{op, registers}, uint16(offset))
	return binary.LittleEndian.AppendUint32(b, uint32(imm))
}

// Code of a function that lost goes, and what is alive refers to what it did before. Where it
// jumps over that code, or refers to it, the code stays.
func TestDeadCodeGoesWhereNothingNeedsIt(t *testing.T) {
	exit, callNext := insn(opExit, 0, 0, 0), insn(opCall, sourceLocal<<4, 0, 3)
	const (
		ofText = iota + 1 // symbols
		_
		ofDead
	)
	load := func(imm int32) []byte { return append(insn(opLoad64, 1, 0, imm), insn(0, 0, 0, 0)...) }
	for _, c := range []struct {
		name  string
		alive []byte // the function before the one that lost, without its end
		reloc *objfile.Relocation
		dead  []byte // the one that lost
		want  []byte // alive, as it is then; nil where the dead code stays
	}{
		{"nothing refers to anything", insn(opMov64, 0, 0, 1), nil, exit, insn(opMov64, 0, 0, 1)},
		{"a call over it", callNext, nil, append(insn(opMov64, 0, 0, 1), exit...),
			insn(opCall, sourceLocal<<4, 0, 1)},
		{"a call of it without a relocation", insn(opCall, sourceLocal<<4, 0, 1), nil, exit, nil},
		{"a call of it", insn(opCall, sourceLocal<<4, 0, -1),
			&objfile.Relocation{Offset: 0, Symbol: ofDead, Type: objfile.RelocCall}, exit,
			insn(opCall, sourceLocal<<4, 0, -1)},
		{"a call over it by the section", insn(opCall, sourceLocal<<4, 0, 2),
			&objfile.Relocation{Offset: 0, Symbol: ofText, Type: objfile.RelocCall}, exit,
			insn(opCall, sourceLocal<<4, 0, 1)},
		{"the address of what is after it", load(32),
			&objfile.Relocation{Offset: 0, Symbol: ofText, Type: objfile.Reloc64}, exit, load(24)},
		{"its address by the section", load(24),
			&objfile.Relocation{Offset: 0, Symbol: ofText, Type: objfile.Reloc64}, exit, nil},
		{"a jump over it", insn(0x05, 0, 2, 0), nil, exit, nil},
		{"a long jump over it", insn(opJump32, 0, 0, 2), nil, exit, nil},
		{"a jump to it", insn(0x15, 0, 1, 0), nil, exit, nil},
		{"it calls what is after it", insn(opMov64, 0, 0, 1), nil,
			append(insn(opCall, sourceLocal<<4, 0, 1), exit...), insn(opMov64, 0, 0, 1)},
	} {
		dead := uint64(len(c.alive) + len(exit))
		after := dead + uint64(len(c.dead))
		code := append(append(append([]byte{}, c.alive...), exit...), c.dead...)
		code = append(code, exit...)
		function := func(name string, bind elf.SymBind, value, size uint64) objfile.NewSymbol {
			return objfile.NewSymbol{Name: name, Bind: bind, Kind: elf.STT_FUNC, Section: 1,
				Value: value, Size: size}
		}
		text := func(code []byte) objfile.NewSection {
			return objfile.NewSection{Name: ".text", Type: elf.SHT_PROGBITS,
				Flags: elf.SHF_ALLOC | elf.SHF_EXECINSTR, Align: 8, Size: uint64(len(code)),
				Data: code}
		}
		loser := piece{section: text(code), symbols: []objfile.NewSymbol{ofSection(),
			function("alive", elf.STB_GLOBAL, 0, dead),
			function("dead", elf.STB_WEAK, dead, uint64(len(c.dead))),
			function("after", elf.STB_GLOBAL, after, 8)}}
		if c.reloc != nil {
			loser.relocs = []objfile.Relocation{*c.reloc}
		}
		winner := piece{section: text(exit),
			symbols: []objfile.NewSymbol{function("dead", elf.STB_GLOBAL, 0, 8)}}
		// Not by Link, which asks for the types of what two objects have.
		l := &linkage{byName: make(map[string]*section), named: make(map[string]*global)}
		l.read([]Input{{"a", loser.bytes()}, {"b", winner.bytes()}}, nil)
		for _, step := range []func(){l.placeSections, l.mentionSymbols, l.cutDead, l.joinCode} {
			step()
		}
		if err := l.problems.err(); err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		want := append(append([]byte{}, code...), exit...)
		if c.want != nil {
			want = append(append(append([]byte{}, c.want...), exit...), append(exit, exit...)...)
			after = dead
		}
		if diff := cmp.Diff(want, l.byName[".text"].data); diff != "" {
			t.Errorf("%s: code (-want +got):\n%s", c.name, diff)
		}
		if got := l.named["after"].symbol.value; got != after {
			t.Errorf("%s: what follows is at %d, want %d", c.name, got, after)
		}
	}
}
