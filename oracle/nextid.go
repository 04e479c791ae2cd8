// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"errors"
	"fmt"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/btf"
)

// Made counts what was made in the kernel, whether or not it is still there.
type Made struct{ Maps, Programs, BTF int }

// String returns the counts as "2 maps, 1 program, 0 BTF".
func (m Made) String() string {
	return fmt.Sprintf("%d maps, %d programs, %d BTF", m.Maps, m.Programs, m.BTF)
}

// MadeWhile counts what anyone made in the kernel while do ran. Ids tell: the kernel counts them
// up, and uses one again only after it came to the end (idr_alloc_cyclic in bpf_map_alloc_id,
// bpf_prog_alloc_id and btf_alloc_id).
func MadeWhile(do func()) (Made, error) {
	before, err := takeIDs()
	if err != nil {
		return Made{}, err
	}
	do()
	after, err := takeIDs()
	if err != nil {
		return Made{}, err
	}
	return Made{
		Maps:     int(after.mapID - before.mapID - 1),
		Programs: int(after.program - before.program - 1),
		BTF:      int(after.btf - before.btf - 1),
	}, nil
}

// nextIDs hold the ids of a map, a program and types that were made at one moment.
type nextIDs struct{ mapID, program, btf uint32 }

// takeIDs makes a map, a program and types, and lets them go.
func takeIDs() (next nextIDs, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("see which id is next: %w", err)
		}
	}()
	if next.btf, err = takeBTFID(); err != nil {
		return next, err
	}
	m, err := ebpf.NewMap(&ebpf.MapSpec{Type: ebpf.Array, KeySize: 4, ValueSize: 4, MaxEntries: 1})
	if err != nil {
		return next, err
	}
	defer m.Close()
	p, err := ebpf.NewProgram(&ebpf.ProgramSpec{
		Type:         ebpf.SocketFilter,
		Instructions: asm.Instructions{asm.Mov.Imm(asm.R0, 0), asm.Return()},
	})
	if err != nil {
		return next, err
	}
	defer p.Close()
	mapInfo, err := m.Info()
	if err != nil {
		return next, err
	}
	programInfo, err := p.Info()
	if err != nil {
		return next, err
	}
	mapID, hasMapID := mapInfo.ID()
	programID, hasProgramID := programInfo.ID()
	if !hasMapID || !hasProgramID {
		return next, errors.New("the kernel gives no id")
	}
	next.mapID, next.program = uint32(mapID), uint32(programID)
	return next, nil
}

// someBTF makes BTF with one type in it.
func someBTF() (*btf.Handle, error) {
	types, err := btf.NewBuilder([]btf.Type{&btf.Int{Name: "int", Size: 4}}, nil)
	if err != nil {
		return nil, err
	}
	return btf.NewHandle(types)
}

func takeBTFID() (uint32, error) {
	handle, err := someBTF()
	if err != nil {
		return 0, err
	}
	defer handle.Close()
	info, err := handle.Info()
	if err != nil {
		return 0, err
	}
	return uint32(info.ID), nil
}
