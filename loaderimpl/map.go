// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"bytes"
	"fmt"
	"path/filepath"

	"github.com/cilium/ebpf"
)

// A Map is a map of an object, to be looked at and changed before it is created.
type Map struct {
	object  *Object
	def     *Definition
	pinPath string   // where to pin it; empty for nowhere
	pinTree *pinTree // of which pinPath is a part; nil for none
	pinErr  error    // why there is no pinPath though the definition asks for one
	create  bool
	value   []byte // global data: what it holds from the start; nil for zeros
}

func newMap(o *Object, d *Definition) *Map {
	m := &Map{object: o, def: d, create: true}
	if d.Source == SourceData {
		m.value = d.Raw
	}
	if d.Pinning == PinByName && o.pinRoot != "" {
		m.pinPath = filepath.Join(o.pinRoot, d.Name)
	}
	if d.Source == SourceIproute2 {
		m.pinTree = o.pinTree
		m.pinPath, m.pinErr = o.pinTree.path(d)
	}
	return m
}

// Name is the map's name in the object.
func (m *Map) Name() string { return m.def.Name }

// Definition is what the object says of the map, with the changes that were made.
func (m *Map) Definition() Definition { return *m.def }

// SetType changes the map's type. Like all setters it returns an error wrapping [ErrLoaded] after a load.
func (m *Map) SetType(t ebpf.MapType) error { return m.set(func() { m.def.Type = t }) }

// SetMaxEntries changes the number of elements.
func (m *Map) SetMaxEntries(n uint32) error { return m.set(func() { m.def.MaxEntries = n }) }

// SetFlags replaces the map's flags (BPF_F_...), but for BPF_F_NUMA_NODE, which goes with the node.
func (m *Map) SetFlags(flags uint32) error {
	return m.set(func() { m.def.Flags = flags | m.def.Flags&flagNumaNode })
}

// SetNumaNode asks for a NUMA node, counted from 0, and sets BPF_F_NUMA_NODE with it. The kernel's NUMA_NO_NODE (-1) asks for none.
func (m *Map) SetNumaNode(node uint32) error {
	return m.set(func() {
		m.def.Flags &^= flagNumaNode
		m.def.onNode(node)
	})
}

// SetMapExtra changes what the map's type reads from map_extra.
func (m *Map) SetMapExtra(extra uint64) error { return m.set(func() { m.def.MapExtra = extra }) }

// PinPath is where the map will be pinned, or reused from if it is there already. Empty for a map that is not pinned.
func (m *Map) PinPath() string { return m.pinPath }

// SetPinPath asks for the map to be pinned at a path, or reused from there. An empty path asks for neither, whatever the definition says.
func (m *Map) SetPinPath(path string) error {
	return m.set(func() {
		m.pinPath, m.pinTree, m.pinErr = path, nil, nil
		m.def.Pinning = PinNone
	})
}

// Autocreate is whether the map will be created. By default all are.
func (m *Map) Autocreate() bool { return m.create }

// SetAutocreate leaves the map out, or in. A program that uses a map that was left out loads only if the verifier finds that the use is never
// reached.
func (m *Map) SetAutocreate(create bool) error { return m.set(func() { m.create = create }) }

// InitialValue is what a map of global data holds from the start. Nil for other maps.
func (m *Map) InitialValue() []byte {
	if m.def.Source != SourceData {
		return nil
	}
	if m.value == nil {
		return make([]byte, m.def.ValueSize)
	}
	return bytes.Clone(m.value)
}

// SetInitialValue changes what a map of global data holds from the start. Its size has to stay; otherwise, and for other maps, the error
// wraps [ErrValue].
func (m *Map) SetInitialValue(value []byte) error {
	return m.object.change(m.def.Name, func() error {
		if m.def.Source != SourceData || len(value) != int(m.def.ValueSize) {
			return fmt.Errorf("initial value of %d bytes for %d: %w", len(value), m.def.ValueSize, ErrValue)
		}
		m.value = bytes.Clone(value)
		return nil
	})
}

func (m *Map) set(f func()) error {
	return m.object.change(m.def.Name, func() error {
		f()
		return nil
	})
}
