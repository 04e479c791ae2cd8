// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"fmt"

	"github.com/cilium/ebpf"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/mapdef"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/sys"
)

// CreateMap makes one map without an object. The map is the caller's to [Pin] and to close.
//
// The definition's Name, Type, KeySize, ValueSize, MaxEntries, Flags, MapExtra and, where Flags has BPF_F_NUMA_NODE, NumaNode go to the kernel as they
// stand: an object is for any machine, and a load puts right what this one wants otherwise; who makes a map here asks this kernel. Of the name it keeps
// 15 bytes. Types, Pinning, Inner and Slots are for definitions in objects: with one of these the error wraps [ErrDefinition].
//
// The template shows what the maps in a map of maps look like. It is not put in and stays the caller's. For a map of maps without one, and for any
// other map with one, the error wraps [ErrInner].
func CreateMap(d Definition, template *ebpf.Map) (*ebpf.Map, error) {
	made, err := createAlone(toInternal(&d), template)
	return made, export("", refuse.At(StageCreate, "", d.Name, err))
}

func createAlone(d *mapdef.Definition, template *ebpf.Map) (*ebpf.Map, error) {
	if d.Key != 0 || d.Value != 0 || d.Pinning != mapdef.PinNone || d.Inner != nil || len(d.Slots) > 0 {
		return nil, fmt.Errorf("it says what only an object can: %w", refuse.ErrDefinition)
	}
	attr := asDefined(d.Name, d)
	switch {
	case mapdef.HoldsMaps(d.Type) != (template != nil):
		return nil, fmt.Errorf("a template, and only for a map of maps: %w", refuse.ErrInner)
	case template != nil:
		attr.InnerMapFD = uint32(template.FD())
	}
	sys.RaiseMemlock()
	fd, err := sys.CreateMap(&attr)
	if err != nil {
		return nil, explainNode(err, &attr)
	}
	made, err := ebpf.NewMapFromFD(fd) // which closes it if it fails
	if err != nil {
		return nil, fmt.Errorf("inspect new map: %w", err)
	}
	return made, nil
}
