// SPDX-License-Identifier: Apache-2.0

package elfedit_test

import (
	"bytes"
	"debug/elf"
	"fmt"
	"testing"

	"github.com/cilium/ebpf/asm"

	. "github.com/loadstone-bpf/loadstone/objects/elfedit"
)

// codeOf returns the code of section xdp as cilium/ebpf reads it, by slot.
func codeOf(t *testing.T, raw []byte) map[int]asm.Instruction {
	t.Helper()
	f, err := elf.NewFile(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	data, err := f.Section("xdp").Data()
	if err != nil {
		t.Fatal(err)
	}
	all, err := asm.AppendInstructions(nil, bytes.NewReader(data), f.ByteOrder, "linux")
	if err != nil {
		t.Fatal(err)
	}
	code := map[int]asm.Instruction{}
	iter := all.Iterate()
	for iter.Next() {
		code[int(iter.Offset)] = *iter.Ins
	}
	return code
}

func TestInstructionIsAnother(t *testing.T) {
	for _, order := range []string{"el", "eb"} {
		raw := object(t, order)
		set, err := Apply(raw, SetInstruction("xdp", 0, Instruction{
			Opcode: 0x61, Dst: 3, Src: 1, Offset: -4, // r3 = *(u32 *)(r1 - 4)
		}))
		if err != nil {
			t.Fatal(err)
		}
		got := codeOf(t, set)[0]
		if got.OpCode != asm.LoadMemOp(asm.Word) || got.Dst != asm.R3 || got.Src != asm.R1 || got.Offset != -4 {
			t.Errorf("%s: is %v", order, got)
		}
		for slot, was := range codeOf(t, raw) {
			if is := codeOf(t, set)[slot]; slot != 0 && fmt.Sprint(is) != fmt.Sprint(was) {
				t.Errorf("%s: slot %d was %v, is %v", order, slot, was, is)
			}
		}
	}
}

func TestChangeOfAnInstructionKeepsTheRestOfIt(t *testing.T) {
	for _, order := range []string{"el", "eb"} {
		raw := object(t, order)
		was := codeOf(t, raw)[1]
		changed, err := Apply(raw, SetImmediate("xdp", 1, -7))
		if err != nil {
			t.Fatal(err)
		}
		is := codeOf(t, changed)[1]
		if was.Constant == -7 || is.Constant != -7 || is.OpCode != was.OpCode || is.Dst != was.Dst || is.Src != was.Src ||
			is.Offset != was.Offset {
			t.Errorf("%s: was %v, is %v", order, was, is)
		}
	}
}

func TestReferenceHasAnAddend(t *testing.T) {
	for _, order := range []string{"el", "eb"} {
		raw := object(t, order)
		slot := int(firstReloc(t, raw) / 8)
		moved, err := Apply(raw, AddToReference("xdp", "counts", 8), AddToReference("xdp", "counts", -2))
		if err != nil {
			t.Fatal(err)
		}
		if is := codeOf(t, moved)[slot]; int32(is.Constant) != 6 || !is.OpCode.IsDWordLoad() {
			t.Errorf("%s: is %v, want one that loads 6", order, is)
		}
	}
}
