// SPDX-License-Identifier: Apache-2.0

package cilium

import (
	"github.com/cilium/ebpf"

	"github.com/loadstone-bpf/loadstone/loader"
)

// create makes a map without an object and pins it, as a user of the library does: with NewMap and
// Pin.
func create(r loader.Create) loader.Reply {
	if r.TokenPath != "" {
		return &loader.Unsupported{Feature: loader.BPFToken, Reason: claims[loader.BPFToken].Reason}
	}
	spec := &ebpf.MapSpec{
		Name: r.Name, Type: ebpf.MapType(r.Map.Type), KeySize: r.Map.KeySize,
		ValueSize: r.Map.ValueSize, MaxEntries: r.Map.MaxEntries,
		Flags: r.Map.Flags, NumaNode: r.Map.NumaNode,
	}
	if r.Map.MapExtra != 0 && !putMapExtra(spec, r.Map.MapExtra) {
		return noMapExtra()
	}
	if r.InnerMap != "" {
		pinned, err := ebpf.LoadPinnedMap(r.InnerMap, nil)
		if err != nil {
			return refusal(loader.AtPin, err)
		}
		defer pinned.Close()
		spec.InnerMap = likeness(pinned)
	}
	made, err := ebpf.NewMap(spec)
	if err != nil {
		return refusal(loader.AtCreate, err)
	}
	defer made.Close()
	mapID, err := id(made.Info())
	if err != nil {
		return &loader.Error{Message: err.Error()}
	}
	if err := made.Pin(r.Path); err != nil {
		return refusal(loader.AtPin, err)
	}
	return &loader.OK{ID: mapID}
}
