// SPDX-License-Identifier: Apache-2.0

package reference

import (
	"github.com/cilium/ebpf"

	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/loaderimpl"
)

// create makes a map without an object and pins it. Nothing of it is held after that but by its
// pin, and where it could not be pinned it goes.
func create(q loader.Create) loader.Reply {
	made, err := newMap(q)
	if err != nil {
		return rejected(err)
	}
	defer made.Close()
	id, err := mapID(made)
	if err != nil {
		return &loader.Error{Message: err.Error()}
	}
	if err := loaderimpl.Pin(made, q.Path); err != nil {
		return rejected(err)
	}
	return &loader.OK{ID: id}
}

// newMap makes the map that a request asks for.
func newMap(q loader.Create) (*ebpf.Map, error) {
	var template *ebpf.Map
	if q.InnerMap != "" {
		pinned, err := loaderimpl.OpenPin(q.InnerMap)
		if err != nil {
			return nil, err
		}
		defer pinned.Close()
		template = pinned
	}
	return loaderimpl.CreateMap(q.Name, loaderimpl.Attributes{
		Type: ebpf.MapType(q.Map.Type), KeySize: q.Map.KeySize, ValueSize: q.Map.ValueSize,
		MaxEntries: q.Map.MaxEntries, Flags: q.Map.Flags, MapExtra: q.Map.MapExtra,
		NumaNode: q.Map.NumaNode,
	}, loaderimpl.CreateOptions{Template: template, TokenPath: q.TokenPath})
}
