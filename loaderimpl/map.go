// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"bytes"
	"fmt"
	"math"
	"strings"

	"github.com/cilium/ebpf"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/mapdef"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
)

// A Map stands for a map of an object. It can be looked at and changed before it is created.
type Map struct {
	object   *Object
	def      *mapdef.Definition
	pinPath  string   // where to pin it; empty for nowhere
	pinTree  *pinTree // of which pinPath is a part; nil for none
	pinErr   error    // why there is no pinPath though the definition asks for one
	policy   PinPolicy
	create   bool
	existing *ebpf.Map // to be used instead of making one; nil for none
	inner    *ebpf.Map // what the maps in it look like, whatever def says; nil for none
	value    []byte    // global data and structures: what it holds from the start; nil for zeros
	ownValue bool      // value is not the object's bytes, and may be written to
}

func newMap(o *Object, d *mapdef.Definition) *Map {
	m := &Map{object: o, def: d, create: true, policy: o.pinPolicy}
	switch {
	case d.Source == mapdef.SourceData:
		m.value = d.Raw
	case d.Arena != nil:
		m.value = d.Arena.Data
	}
	if d.StructOps != nil {
		m.create = !d.StructOps.Optional
	}
	switch {
	case d.PinPath != "":
		m.pinPath = d.PinPath
	case d.PinByName && o.pinRoot != "":
		m.pinPath = strings.TrimSuffix(o.pinRoot, "/") + "/" + d.Name
	}
	if d.Source == mapdef.SourceIproute2 {
		m.pinTree = o.pinTree
		m.pinPath, m.pinErr = o.pinTree.path(d)
	}
	return m
}

// Name returns the map's name in the object.
func (m *Map) Name() string { return m.def.Name }

// Definition returns what the object says of the map, with the changes that were made.
func (m *Map) Definition() Definition {
	d := fromInternal(m.def)
	d.PinPath = m.pinPath
	return d
}

// Change has f change what the map is created with:
//
//	err := object.Map("counts").Change(func(a *loaderimpl.Attributes) { a.MaxEntries = 1024 })
//
// BPF_F_NUMA_NODE goes with the node: a change of Flags alone keeps it, and a node that is named
// sets it. If a size then differs from that of its type, the map goes without types.
//
// Another ValueSize of global data is another size of its section: what is cut is lost, and what is
// added is zero. The types follow if the section's last variable is an array that then has whole
// elements, as with libbpf; else the map goes without types.
//
// The error is of [ClassInvalid] for sizes that cannot be: of the keys of global data, of 0 bytes
// for its section, and of structures, which have the size of the kernel's struct. Like all changes
// it is of [ClassInvalid] after a load, too. Nothing is changed then.
func (m *Map) Change(f func(a *Attributes)) error {
	return m.object.change(m.def.Name, func() error {
		old := m.def.Attributes
		changed := Attributes(old)
		f(&changed)
		a := mapdef.Attributes(changed)
		isData := m.def.Source == mapdef.SourceData
		fixed := m.def.IsData() && !isData || m.def.StructOps != nil
		if isData && (a.KeySize != old.KeySize || a.ValueSize == 0 || a.ValueSize > math.MaxInt32) ||
			fixed && (a.KeySize != old.KeySize || a.ValueSize != old.ValueSize) {
			return fmt.Errorf("%d and %d bytes for global data or a structure: %w", a.KeySize,
				a.ValueSize, refuse.ErrValue)
		}
		if a.NumaNode != old.NumaNode {
			a.SetNumaNode(a.NumaNode)
		} else {
			a.Flags |= old.Flags & mapdef.FlagNumaNode
		}
		switch {
		case isData && a.ValueSize != old.ValueSize:
			if err := m.resize(a.ValueSize); err != nil {
				return err
			}
		case a.KeySize != old.KeySize || a.ValueSize != old.ValueSize:
			m.def.Key, m.def.Value = 0, 0
		}
		m.def.Attributes = a
		return nil
	})
}

// resize gives a map of global data another size: its contents, and its types if they can follow.
func (m *Map) resize(size uint32) error {
	section := m.object.file.Named(m.def.Section)
	m.def.Value = 0
	if uint64(size) == section.Size {
		m.def.Value = m.def.BTFType
	} else if m.def.BTFType != 0 {
		follow, err := m.object.types.Resizes(section, size)
		if err != nil {
			return err
		}
		if follow {
			m.def.Value = m.def.BTFType
		}
	}
	if m.value != nil {
		value := make([]byte, size)
		copy(value, m.value)
		m.value, m.ownValue = value, true
	}
	return nil
}

// SetPin asks for the map to be pinned at a path, or reused from there, by a policy. An empty path
// asks for neither, whatever the definition says.
func (m *Map) SetPin(path string, policy PinPolicy) error {
	return m.set(func() {
		m.pinPath, m.pinTree, m.pinErr, m.policy = path, nil, nil, policy
		m.def.PinByName = false
	})
}

// UseMap makes Load use existing instead of creating a map; a nil map restores the default. At the
// load the map has to be what the definition says, as if it were pinned; a [*MapDiffersError] says
// where it is not. It is used as it is, no initial values are put in, and it is pinned if the
// definition asks for it. The map stays the caller's, and has to be open until the load, which
// takes a descriptor of its own.
func (m *Map) UseMap(existing *ebpf.Map) error { return m.set(func() { m.existing = existing }) }

// SetInnerMap makes the maps in a map of maps look like template, whatever the definition says; a
// nil template restores the definition. The template is not put in, stays the caller's, and has to
// be open until the load. For a map that holds no maps, the error is of [ClassDefinition].
func (m *Map) SetInnerMap(template *ebpf.Map) error {
	return m.object.change(m.def.Name, func() error {
		if !mapdef.HoldsMaps(m.def.Type) {
			return fmt.Errorf("a map of type %v holds no maps: %w", m.def.Type, refuse.ErrInner)
		}
		m.inner = template
		return nil
	})
}

// SetAutocreate says whether to create the map. By default all maps are, but those of structures in
// sections that start with a ?. A program that uses a map that was left out loads only if the
// verifier finds that the use is never reached.
func (m *Map) SetAutocreate(create bool) error { return m.set(func() { m.create = create }) }

// InitialValue returns what a map of global data holds from the start, for each CPU where each has
// its own, and the variables of an arena. Nil for other maps.
func (m *Map) InitialValue() []byte {
	if m.def.DataSection() == "" {
		return nil
	}
	if m.value == nil {
		return make([]byte, m.def.DataSize())
	}
	return bytes.Clone(m.value)
}

// SetInitialValue changes what [Map.InitialValue] returns. For a value of another size, and for
// other maps, the error is of [ClassInvalid].
func (m *Map) SetInitialValue(value []byte) error {
	return m.object.change(m.def.Name, func() error {
		if m.def.DataSection() == "" || uint64(len(value)) != m.def.DataSize() {
			return fmt.Errorf("initial value of %d bytes for %d: %w", len(value), m.def.DataSize(),
				refuse.ErrValue)
		}
		m.value, m.ownValue = bytes.Clone(value), true
		return nil
	})
}

func (m *Map) set(f func()) error {
	return m.object.change(m.def.Name, func() error {
		f()
		return nil
	})
}
