// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"encoding/binary"
	"fmt"
	"io"
	"os"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/btf"
	"github.com/cilium/ebpf/link"
)

// KernelMapInfo holds what the kernel knows of a map and tells to BPF programs only: neither
// BPF_OBJ_GET_INFO_BY_FD nor fdinfo has it.
type KernelMapInfo struct {
	Node  uint32     // NUMA node; NoNode for any
	Inner *InnerMeta // what the kernel takes for the maps in a map of maps; nil for other maps
}

// InnerMeta holds what the kernel compares of a map that is put into a map of maps
// (bpf_map_meta_equal, array_map_meta_equal).
type InnerMeta struct{ Type, KeySize, ValueSize, MaxEntries, Flags uint32 }

// infoWords counts what the program of ReadKernelMapInfo writes: the node, whether there is an
// inner map, and of that what InnerMeta has.
const infoWords = 7

// ReadKernelMapInfo asks a program of our own about the map of an id. The program is an iterator
// over all maps (Linux 5.8), written for this kernel by its BTF. The error says why the kernel
// cannot be asked.
func ReadKernelMapInfo(kernel *btf.Spec, id uint32) (*KernelMapInfo, error) {
	code, err := infoProgram(kernel, id)
	if err != nil {
		return nil, err
	}
	program, err := ebpf.NewProgramWithOptions(&ebpf.ProgramSpec{
		Name: "inside_of_map", Type: ebpf.Tracing, AttachType: ebpf.AttachTraceIter,
		AttachTo:     "bpf_map",
		Instructions: code, License: "Dual BSD/GPL", // bpf_seq_write is for GPL programs
	}, ebpf.ProgramOptions{KernelTypes: kernel})
	if err != nil {
		return nil, fmt.Errorf("load iterator over maps: %w", err)
	}
	defer program.Close()
	iter, err := link.AttachIter(link.IterOptions{Program: program})
	if err != nil {
		return nil, fmt.Errorf("attach iterator over maps: %w", err)
	}
	defer iter.Close()
	reader, err := iter.Open()
	if err != nil {
		return nil, fmt.Errorf("open iterator over maps: %w", err)
	}
	defer reader.Close()
	out, err := io.ReadAll(reader)
	if err != nil {
		return nil, fmt.Errorf("read iterator over maps: %w", err)
	}
	return parseInfo(out)
}

// parseInfo reads what the iterator wrote.
func parseInfo(out []byte) (*KernelMapInfo, error) {
	if len(out) != 4*infoWords {
		return nil, fmt.Errorf("iterator over maps: %d bytes, want %d: %w", len(out), 4*infoWords,
			os.ErrNotExist)
	}
	var w [infoWords]uint32
	for i := range w {
		w[i] = binary.NativeEndian.Uint32(out[4*i:])
	}
	in := &KernelMapInfo{Node: w[0]}
	if w[1] != 0 {
		in.Inner = &InnerMeta{Type: w[2], KeySize: w[3], ValueSize: w[4], MaxEntries: w[5],
			Flags: w[6]}
	}
	return in, nil
}

// infoProgram writes the iterator's program, by the layout of this kernel's struct bpf_map.
func infoProgram(kernel *btf.Spec, id uint32) (asm.Instructions, error) {
	var mapType *btf.Struct
	if err := kernel.TypeByName("bpf_map", &mapType); err != nil {
		return nil, fmt.Errorf("kernel's struct bpf_map: %w", err)
	}
	offsets := make(map[string]int16)
	for _, name := range []string{"id", "numa_node", "inner_map_meta", "map_type", "key_size",
		"value_size", "max_entries", "map_flags"} {
		off, ok := offsetIn(mapType.Members, name)
		if !ok || off > 1<<12 {
			return nil, fmt.Errorf("kernel's struct bpf_map has no %s: %w", name, btf.ErrNotFound)
		}
		offsets[name] = int16(off)
	}
	const out = -4 * (infoWords + 1) // where in the stack the words are, aligned to 8 bytes
	code := asm.Instructions{
		// struct bpf_iter__bpf_map { struct bpf_iter_meta *meta; struct bpf_map *map; }; map is
		// NULL after the last one.
		asm.LoadMem(asm.R6, asm.R1, 8, asm.DWord),
		asm.LoadMem(asm.R9, asm.R1, 0, asm.DWord),
		asm.JEq.Imm(asm.R6, 0, "done"),
		asm.LoadMem(asm.R7, asm.R6, offsets["id"], asm.Word),
		asm.Mov.Imm32(asm.R8, int32(id)),
		asm.JNE.Reg(asm.R7, asm.R8, "done"),
		asm.Mov.Imm(asm.R7, 0),
	}
	for off := int16(out); off < 0; off += 8 {
		code = append(code, asm.StoreMem(asm.RFP, off, asm.R7, asm.DWord))
	}
	code = append(code,
		asm.LoadMem(asm.R7, asm.R6, offsets["numa_node"], asm.Word),
		asm.StoreMem(asm.RFP, out, asm.R7, asm.Word),
		asm.LoadMem(asm.R8, asm.R6, offsets["inner_map_meta"], asm.DWord),
		asm.JEq.Imm(asm.R8, 0, "write"),
		asm.Mov.Imm(asm.R7, 1),
		asm.StoreMem(asm.RFP, out+4, asm.R7, asm.Word),
	)
	for i, name := range []string{"map_type", "key_size", "value_size", "max_entries",
		"map_flags"} {
		code = append(code,
			asm.LoadMem(asm.R7, asm.R8, offsets[name], asm.Word),
			asm.StoreMem(asm.RFP, out+8+4*int16(i), asm.R7, asm.Word))
	}
	return append(code,
		asm.LoadMem(asm.R1, asm.R9, 0, asm.DWord).WithSymbol("write"), // bpf_iter_meta.seq
		asm.Mov.Reg(asm.R2, asm.RFP),
		asm.Add.Imm(asm.R2, out),
		asm.Mov.Imm(asm.R3, 4*infoWords),
		asm.FnSeqWrite.Call(),
		asm.Mov.Imm(asm.R0, 0).WithSymbol("done"),
		asm.Return(),
	), nil
}

// offsetIn returns the offset of a member of a struct, in bytes; the member may be in a struct or
// union without a name.
func offsetIn(members []btf.Member, name string) (uint32, bool) {
	for _, m := range members {
		if m.Name == name && m.BitfieldSize == 0 {
			return m.Offset.Bytes(), true
		}
		if m.Name != "" {
			continue
		}
		var nested []btf.Member
		switch t := btf.UnderlyingType(m.Type).(type) {
		case *btf.Struct:
			nested = t.Members
		case *btf.Union:
			nested = t.Members
		}
		if off, ok := offsetIn(nested, name); ok {
			return m.Offset.Bytes() + off, true
		}
	}
	return 0, false
}
