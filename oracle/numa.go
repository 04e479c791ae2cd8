// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/btf"
	"github.com/cilium/ebpf/link"
)

// NoNode is the node of a map that may lie on any: the kernel's NUMA_NO_NODE (include/linux/numa.h).
const NoNode = -1

// ErrCannotTell is wrapped by errors about what this kernel does not show, whatever a map is.
var ErrCannotTell = errors.New("this kernel does not tell")

// NUMANode is the NUMA node that the kernel keeps with the map of that id and allocates its memory by, or [NoNode]. Neither info nor fdinfo have
// it, so a program reads map->numa_node where it is: an iterator over all maps (ae24345da54e, "bpf: Implement an interface to register bpf_iter
// targets"), which is there from 5.8 on. Program and link are gone when NUMANode returns.
//
// The error wraps [ErrNoSuchObject] where there is no such map, and [ErrCannotTell] on a kernel without the iterator or without BTF of itself.
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

// nodesOfMaps are the nodes of all maps, by id.
func nodesOfMaps() (nodes map[uint32]int, err error) {
	program, err := nodeReader()
	if err != nil {
		return nil, err
	}
	written, err := iterate(program)
	if err != nil {
		return nil, err
	}
	return parseNodes(written)
}

// nodeReader loads the program that [iterate] runs.
func nodeReader() (*ebpf.Program, error) {
	at, err := mapFieldOffsets()
	if err != nil {
		return nil, err
	}
	program, err := ebpf.NewProgram(&ebpf.ProgramSpec{
		Name: "oracle_numa", Type: ebpf.Tracing, AttachType: ebpf.AttachTraceIter, AttachTo: "bpf_map", License: "GPL",
		Instructions: readNode(at),
	})
	if errors.Is(err, ebpf.ErrNotSupported) || errors.Is(err, btf.ErrNotFound) {
		return nil, fmt.Errorf("load map iterator: %w: %w", ErrCannotTell, err)
	}
	if err != nil {
		return nil, fmt.Errorf("load map iterator: %w", err)
	}
	return program, nil
}

// nodeSize is what the iterator writes for each map, in bytes: id and node, 32 bits each in the machine's byte order.
const nodeSize = 8

// readNode is the program: struct bpf_iter__bpf_map (kernel/bpf/map_iter.c) in, [nodeSize] bytes to its seq_file out. It is called once more
// at the end, without a map.
func readNode(at fieldOffsets) asm.Instructions {
	return asm.Instructions{
		asm.LoadMem(asm.R6, asm.R1, 8, asm.DWord), // ctx->map
		asm.JEq.Imm(asm.R6, 0, "done"),
		asm.LoadMem(asm.R1, asm.R1, 0, asm.DWord), // ctx->meta
		asm.LoadMem(asm.R1, asm.R1, 0, asm.DWord), // ctx->meta->seq
		asm.LoadMem(asm.R2, asm.R6, at.id, asm.Word),
		asm.StoreMem(asm.R10, -nodeSize, asm.R2, asm.Word),
		asm.LoadMem(asm.R2, asm.R6, at.node, asm.Word),
		asm.StoreMem(asm.R10, -nodeSize+4, asm.R2, asm.Word),
		asm.Mov.Reg(asm.R2, asm.R10),
		asm.Add.Imm(asm.R2, -nodeSize),
		asm.Mov.Imm(asm.R3, nodeSize),
		asm.FnSeqWrite.Call(),
		asm.Mov.Imm(asm.R0, 0).WithSymbol("done"),
		asm.Return(),
	}
}

// fieldOffsets are where struct bpf_map has what is read, in bytes.
type fieldOffsets struct{ id, node int16 }

// mapFieldOffsets asks the kernel's BTF, once.
var mapFieldOffsets = sync.OnceValues(func() (fieldOffsets, error) {
	kernel, err := btf.LoadKernelSpec()
	if err != nil {
		return fieldOffsets{}, fmt.Errorf("read BTF of the kernel: %w: %w", ErrCannotTell, err)
	}
	var bpfMap *btf.Struct
	if err := kernel.TypeByName("bpf_map", &bpfMap); err != nil {
		return fieldOffsets{}, fmt.Errorf("struct bpf_map in BTF of the kernel: %w: %w", ErrCannotTell, err)
	}
	id, err := wordAt(bpfMap, "id")
	if err != nil {
		return fieldOffsets{}, err
	}
	node, err := wordAt(bpfMap, "numa_node")
	return fieldOffsets{id: id, node: node}, err
})

// wordAt is the offset of a member of 32 bits, in bytes.
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

// iterate runs an iterator program from its first object to its last and returns what it wrote. It closes the program, and waits until that and
// its link have left the kernel: an inventory that is taken next must not hold them.
func iterate(program *ebpf.Program) ([]byte, error) {
	info, err := program.Info()
	if err != nil {
		program.Close()
		return nil, fmt.Errorf("info of iterator: %w", err)
	}
	programID, _ := info.ID()
	written, linkID, err := readLink(program)
	program.Close()
	if err != nil {
		return nil, err
	}
	return written, errors.Join(waitUntilGone(KindLink, linkID), waitUntilGone(KindProgram, uint32(programID)))
}

// readLink attaches an iterator program, reads what it writes and detaches it. id is that of the link, which may live on for a moment.
func readLink(program *ebpf.Program) (written []byte, id uint32, err error) {
	iterator, err := link.AttachIter(link.IterOptions{Program: program})
	if err != nil {
		return nil, 0, fmt.Errorf("attach iterator: %w", err)
	}
	defer iterator.Close()
	info, err := iterator.Info()
	if err != nil {
		return nil, 0, fmt.Errorf("info of iterator: %w", err)
	}
	run, err := iterator.Open()
	if err != nil {
		return nil, 0, fmt.Errorf("open iterator: %w", err)
	}
	defer run.Close()
	written, err = io.ReadAll(run)
	if err != nil {
		return nil, 0, fmt.Errorf("read iterator: %w", err)
	}
	return written, uint32(info.ID), nil
}

// patience is how long the kernel may take to free what was let go of, in an emulated machine too.
const patience = 10 * time.Second

// waitUntilGone returns when the kernel has no object of that kind and id any more.
func waitUntilGone(kind Kind, id uint32) error {
	for deadline := time.Now().Add(patience); ; <-time.After(time.Millisecond) {
		f, err := open(kind, id)
		if errors.Is(err, ErrNoSuchObject) {
			return nil
		}
		if err != nil {
			return err
		}
		f.Close()
		if time.Now().After(deadline) {
			return fmt.Errorf("%s %d of the oracle itself is still there after %v", kind, id, patience)
		}
	}
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
