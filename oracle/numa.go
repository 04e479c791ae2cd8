// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sync"

	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/btf"
)

// NoNode stands for the node of a map that may lie on any: the kernel's NUMA_NO_NODE
// (include/linux/numa.h).
const NoNode = -1

// ErrCannotTell reports what this kernel does not show of any map.
var ErrCannotTell = errors.New("this kernel does not tell")

// NUMANode returns the NUMA node that the kernel keeps with the map of that id and allocates its
// memory by, or [NoNode]. Neither info nor fdinfo have it, so a program reads map->numa_node in the
// kernel: an iterator over all maps, which exists from 5.8 on (6086d29def80, "bpf: Add bpf_map
// iterator"). Program and link are gone when NUMANode returns.
//
// The error wraps [ErrNoSuchObject] if the map does not exist, and [ErrCannotTell] on a kernel
// without the iterator or without BTF of itself.
func NUMANode(id uint32) (int, error) {
	nodes, err := nodesOfMaps()
	if err != nil {
		return NoNode, fmt.Errorf("NUMA node of map %d: %w", id, err)
	}
	node, found := nodes[id]
	if !found {
		return NoNode, fmt.Errorf("NUMA node of map %d: %w", id, ErrNoSuchObject)
	}
	return node, nil
}

// nodesOfMaps returns the nodes of all maps, by id.
func nodesOfMaps() (map[uint32]int, error) {
	layout, err := mapLayout()
	if err != nil {
		return nil, err
	}
	written, err := iterate(layout.iterator, readNode(layout))
	if err != nil {
		return nil, err
	}
	return parseNodes(written)
}

// PrepareNUMANode does ahead what [NUMANode] does once in a process and takes long: it reads the
// kernel's BTF. NUMANode returns its error again.
func PrepareNUMANode() error {
	_, err := mapLayout()
	return err
}

// nodeSize holds how many bytes the iterator writes for each map: id and node, 32 bits each in the
// machine's byte order.
const nodeSize = 8

// readNode returns the program, which gets a struct bpf_iter__bpf_map (kernel/bpf/map_iter.c) and
// writes [nodeSize] bytes to its seq_file. The kernel calls it once more at the end, without a map.
func readNode(offsets layout) asm.Instructions {
	return asm.Instructions{
		asm.LoadMem(asm.R6, asm.R1, 8, asm.DWord), // ctx->map
		asm.JEq.Imm(asm.R6, 0, "done"),
		asm.LoadMem(asm.R1, asm.R1, 0, asm.DWord), // ctx->meta
		asm.LoadMem(asm.R1, asm.R1, 0, asm.DWord), // ctx->meta->seq
		asm.LoadMem(asm.R2, asm.R6, offsets.id, asm.Word),
		asm.StoreMem(asm.R10, -nodeSize, asm.R2, asm.Word),
		asm.LoadMem(asm.R2, asm.R6, offsets.node, asm.Word),
		asm.StoreMem(asm.R10, -nodeSize+4, asm.R2, asm.Word),
		asm.Mov.Reg(asm.R2, asm.R10),
		asm.Add.Imm(asm.R2, -nodeSize),
		asm.Mov.Imm(asm.R3, nodeSize),
		asm.FnSeqWrite.Call(),
		asm.Mov.Imm(asm.R0, 0).WithSymbol("done"),
		asm.Return(),
	}
}

// layout holds what the kernel's BTF says of maps and of the iterator over them.
type layout struct {
	id, node int16      // where struct bpf_map has what is read, bytes
	iterator btf.TypeID // of the function that an iterator program attaches to
}

// mapLayout asks the kernel's BTF, once.
var mapLayout = sync.OnceValues(func() (l layout, err error) {
	kernel, err := kernelBTF()
	if err != nil {
		return layout{}, fmt.Errorf("read BTF of the kernel: %w: %w", ErrCannotTell, err)
	}
	var bpfMap *btf.Struct
	if err := kernel.TypeByName("bpf_map", &bpfMap); err != nil {
		return layout{}, fmt.Errorf("struct bpf_map in BTF of the kernel: %w: %w", ErrCannotTell, err)
	}
	if l.id, err = wordAt(bpfMap, "id"); err != nil {
		return layout{}, err
	}
	if l.node, err = wordAt(bpfMap, "numa_node"); err != nil {
		return layout{}, err
	}
	var iterator *btf.Func // DEFINE_BPF_ITER_FUNC(bpf_map, ...), kernel/bpf/map_iter.c
	if err := kernel.TypeByName("bpf_iter_bpf_map", &iterator); err != nil {
		return layout{}, fmt.Errorf("map iterator in BTF of the kernel: %w: %w", ErrCannotTell, err)
	}
	l.iterator, err = kernel.TypeID(iterator)
	return l, err
})

// wordAt returns the offset of a member of 32 bits, in bytes.
func wordAt(s *btf.Struct, name string) (int16, error) {
	for _, m := range s.Members {
		if m.Name != name {
			continue
		}
		size, err := btf.Sizeof(m.Type)
		offset := m.Offset.Bytes()
		if err != nil || size != 4 || m.BitfieldSize != 0 || offset > 1<<15-1 {
			return 0, fmt.Errorf("member %s of struct %s is no word: %w", name, s.Name, ErrCannotTell)
		}
		return int16(offset), nil
	}
	return 0, fmt.Errorf("struct %s has no member %s: %w", s.Name, name, ErrCannotTell)
}

// parseNodes reads what the iterator wrote.
func parseNodes(written []byte) (map[uint32]int, error) {
	if len(written)%nodeSize != 0 {
		return nil, fmt.Errorf("map iterator wrote %d bytes, want a multiple of %d", len(written), nodeSize)
	}
	nodes := make(map[uint32]int, len(written)/nodeSize)
	for ; len(written) > 0; written = written[nodeSize:] {
		nodes[binary.NativeEndian.Uint32(written)] = int(int32(binary.NativeEndian.Uint32(written[4:])))
	}
	return nodes, nil
}
