// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/cilium/ebpf"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/mapdef"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
)

// A Map is a map of an object, to be looked at and changed before it is created.
type Map struct {
	object   *Object
	def      *mapdef.Definition
	pinPath  string   // where to pin it; empty for nowhere
	pinTree  *pinTree // of which pinPath is a part; nil for none
	pinErr   error    // why there is no pinPath though the definition asks for one
	policy   PinPolicy
	create   bool
	existing *ebpf.Map // to be used instead of making one; nil for none
	inner    *ebpf.Map // what the maps in it look like, instead of what the definition says; nil for none
	value    []byte    // global data: what it holds from the start; nil for zeros
}

func newMap(o *Object, d *mapdef.Definition) *Map {
	m := &Map{object: o, def: d, create: true, policy: o.pinPolicy}
	if d.Source == mapdef.SourceData {
		m.value = d.Raw
	}
	switch {
	case d.PinPath != "":
		m.pinPath = d.PinPath
	case d.Pinning == mapdef.PinByName && o.pinRoot != "":
		m.pinPath = strings.TrimSuffix(o.pinRoot, "/") + "/" + d.Name
	}
	if d.Source == mapdef.SourceIproute2 {
		m.pinTree = o.pinTree
		m.pinPath, m.pinErr = o.pinTree.path(d)
	}
	return m
}

// Name is the map's name in the object.
func (m *Map) Name() string { return m.def.Name }

// Definition returns what the object says of the map, with the changes that were made.
func (m *Map) Definition() Definition { return fromInternal(m.def) }

// SetType changes the map's type. Like all setters it returns an error wrapping [ErrLoaded] after a load.
func (m *Map) SetType(t ebpf.MapType) error { return m.set(func() { m.def.Type = t }) }

// SetMaxEntries changes the number of elements.
func (m *Map) SetMaxEntries(n uint32) error { return m.set(func() { m.def.MaxEntries = n }) }

// SetFlags replaces the map's flags (BPF_F_...), but for BPF_F_NUMA_NODE, which goes with the node.
func (m *Map) SetFlags(flags uint32) error {
	return m.set(func() { m.def.Flags = flags | m.def.Flags&mapdef.FlagNumaNode })
}

// SetNumaNode asks for a NUMA node, counted from 0, and sets BPF_F_NUMA_NODE with it. The kernel's NUMA_NO_NODE (-1) asks for none.
func (m *Map) SetNumaNode(node uint32) error {
	return m.set(func() {
		m.def.Flags &^= mapdef.FlagNumaNode
		m.def.OnNode(node)
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
		m.def.Pinning = mapdef.PinNone
	})
}

// PinPolicy is what will be done about what is pinned already at PinPath: [Options.PinPolicy], or what was set.
func (m *Map) PinPolicy() PinPolicy { return m.policy }

// SetPinPolicy changes what will be done about what is pinned already at PinPath.
func (m *Map) SetPinPolicy(p PinPolicy) error { return m.set(func() { m.policy = p }) }

// UseMap asks for a map that is there to be used instead of a new one, or, with nil, for a new one after all. At the load it has to be what the
// definition says, as if it were pinned: the error is a [*MapDiffersError] otherwise. It is used as it is, with no initial values put in, and
// pinned if the definition asks for it. The map stays the caller's, and has to be open until the load, which takes a descriptor of its own.
func (m *Map) UseMap(existing *ebpf.Map) error { return m.set(func() { m.existing = existing }) }

// SetInnerMap says what the maps in a map of maps look like: like template, whatever the definition says; or, with nil, as the definition says.
// The template is not put in, stays the caller's, and has to be open until the load. For a map that holds no maps, the error wraps [ErrInner].
func (m *Map) SetInnerMap(template *ebpf.Map) error {
	return m.object.change(m.def.Name, func() error {
		if !mapdef.HoldsMaps(m.def.Type) {
			return fmt.Errorf("a map of type %v holds no maps: %w", m.def.Type, refuse.ErrInner)
		}
		m.inner = template
		return nil
	})
}

// SetKeySize changes the size of keys, in bytes. If it differs from that of the keys' type, the map goes without types. For maps of global data,
// whose sizes are those of their sections, the error wraps [ErrValue].
func (m *Map) SetKeySize(size uint32) error { return m.resize(&m.def.KeySize, size) }

// SetValueSize changes the size of values, in bytes, like [Map.SetKeySize].
func (m *Map) SetValueSize(size uint32) error { return m.resize(&m.def.ValueSize, size) }

func (m *Map) resize(size *uint32, n uint32) error {
	return m.object.change(m.def.Name, func() error {
		if m.def.Source == mapdef.SourceData {
			return fmt.Errorf("%d bytes for global data: %w", n, refuse.ErrValue)
		}
		if *size != n {
			*size, m.def.Key, m.def.Value = n, 0, 0
		}
		return nil
	})
}

// Autocreate is whether the map will be created. By default all are.
func (m *Map) Autocreate() bool { return m.create }

// SetAutocreate leaves the map out, or in. A program that uses a map that was left out loads only if the verifier finds that the use is never
// reached.
func (m *Map) SetAutocreate(create bool) error { return m.set(func() { m.create = create }) }

// InitialValue is what a map of global data holds from the start. Nil for other maps.
func (m *Map) InitialValue() []byte {
	if m.def.Source != mapdef.SourceData {
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
		if m.def.Source != mapdef.SourceData || len(value) != int(m.def.ValueSize) {
			return fmt.Errorf("initial value of %d bytes for %d: %w", len(value), m.def.ValueSize, refuse.ErrValue)
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
