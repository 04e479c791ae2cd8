// SPDX-License-Identifier: Apache-2.0

package xdptools

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/cilium/ebpf"
)

// slots limits the programs of a chain (MAX_DISPATCHER_ACTIONS, headers/xdp/prog_dispatcher.h).
const slots = 10

// componentsOf returns the ids of the programs that libxdp has pinned for a dispatcher, in the
// order of their slots; none where it has pinned none.
func componentsOf(bpffs string, ifindex int, dispatcher uint32) ([]uint32, error) {
	folder := filepath.Join(bpffs, "xdp", fmt.Sprintf("dispatch-%d-%d", ifindex, dispatcher))
	var ids []uint32
	for slot := range slots {
		pin := filepath.Join(folder, fmt.Sprintf("prog%d-prog", slot))
		id, err := pinnedProgram(pin)
		if errors.Is(err, fs.ErrNotExist) {
			return ids, nil
		}
		if err != nil {
			return nil, fmt.Errorf("component %d of dispatcher %d: %w", slot, dispatcher, err)
		}
		ids = append(ids, id)
	}
	return ids, nil
}

func pinnedProgram(path string) (uint32, error) {
	p, err := ebpf.LoadPinnedProgram(path, nil)
	if err != nil {
		return 0, err
	}
	defer p.Close()
	info, err := p.Info()
	if err != nil {
		return 0, err
	}
	id, ok := info.ID()
	if !ok {
		return 0, errors.New("the kernel does not tell its id")
	}
	return uint32(id), nil
}
