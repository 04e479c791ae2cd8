// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"encoding/binary"
	"errors"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/link"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// newTyped returns a program of a type that returns 0, and its id.
func newTyped(t *testing.T, typ ebpf.ProgramType) (*ebpf.Program, uint32) {
	t.Helper()
	p, err := ebpf.NewProgram(&ebpf.ProgramSpec{
		Type: typ, License: "GPL",
		Instructions: asm.Instructions{asm.Mov.Imm(asm.R0, 0), asm.Return()},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	in, err := p.Info()
	if err != nil {
		t.Fatal(err)
	}
	id, _ := in.ID()
	return p, uint32(id)
}

func TestLinkSaysWhatAProgramIsAttachedTo(t *testing.T) {
	p, id := newTyped(t, ebpf.RawTracepoint)
	made, err := link.AttachRawTracepoint(link.RawTracepointOptions{Name: "sys_enter", Program: p})
	if err != nil {
		t.Fatal(err)
	}
	in, err := made.Info()
	if err != nil {
		t.Fatal(err)
	}
	got, err := Link(uint32(in.ID))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(LinkFacts{Type: "raw_tracepoint", Program: id, Target: "sys_enter"}, got); diff != "" {
		t.Error(diff)
	}
	target, err := PerfEvent(id) // the kernel answers for raw tracepoints too
	if err != nil || target != "" && target != "raw_tracepoint sys_enter" {
		t.Errorf("%q, %v", target, err)
	}
	if err := made.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Link(1<<31 - 1); !errors.Is(err, ErrNoSuchObject) {
		t.Errorf("no such link: %v", err)
	}
	if target, err := PerfEvent(id); target != "" || err != nil {
		t.Errorf("detached: %q, %v", target, err)
	}
}

// attributeOf returns an attribute as the kernel sends it.
func attributeOf(kind uint16, value ...byte) []byte {
	b := binary.NativeEndian.AppendUint16(nil, uint16(unix.SizeofRtAttr+len(value)))
	return append(binary.NativeEndian.AppendUint16(b, kind), value...)
}

// Messages about filters of kind bpf, and about others.
func TestClassifiersOfMessages(t *testing.T) {
	id := attributeOf(tcaBPFID, binary.NativeEndian.AppendUint32(nil, 41)...)
	after := func(attribute []byte) []byte { return append(make([]byte, sizeofTcmsg), attribute...) }
	for name, tt := range map[string]struct {
		message []byte
		want    []uint32
	}{
		"short":      {make([]byte, 8), nil},
		"no options": {after(nil), nil},
		"a program":  {after(attributeOf(tcaOptions, id...)), []uint32{41}},
		"another's":  {after(attributeOf(1, id...)), nil},
		"cut":        {after(attributeOf(tcaOptions, id...))[:sizeofTcmsg+8], nil},
		"a short id": {after(attributeOf(tcaOptions, attributeOf(tcaBPFID, 41)...)), nil},
	} {
		if diff := cmp.Diff(tt.want, classifiersIn(tt.message)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestClassifiersOfAnInterfaceWithoutAny(t *testing.T) {
	if programs, err := Classifiers(1); err != nil || len(programs) > 0 {
		t.Errorf("lo runs %v, %v", programs, err)
	}
}
