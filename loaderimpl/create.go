// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"errors"
	"fmt"
	"math/bits"
	"os"
	"syscall"

	"github.com/cilium/ebpf"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/mapdef"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/sys"
)

// createMaps makes the object's maps, fills them, freezes what is read-only and pins what asks for it. Maps of maps come last, so the order in
// the object does not matter: they are filled with maps that are there, and before anyone can find them by their pins. PROG_ARRAYs have to wait
// for programs, which have to have them.
func (l *loading) createMaps() error {
	l.maps = make([]*ebpf.Map, len(l.object.maps))
	for _, outer := range []bool{false, true} {
		for i, m := range l.object.maps {
			if !m.create || mapdef.HoldsMaps(m.def.Type) != outer {
				continue
			}
			made, err := l.createMap(m)
			if err != nil {
				return refuse.At(StageCreate, m.def.Section, m.def.Name, err)
			}
			l.maps[i] = made
			l.undo(made.Close)
		}
	}
	return nil
}

// createMap makes one map, or takes the one that was given, or is pinned where it should be.
func (l *loading) createMap(m *Map) (*ebpf.Map, error) {
	if m.existing != nil || m.def.Supply != nil {
		return l.takeGiven(m)
	}
	if m.pinPath != "" && m.policy == PinShare {
		if pinned, err := l.reuse(m); err != nil || pinned != nil {
			return pinned, err
		}
	}
	made, err := l.newMap(m)
	if err != nil {
		return nil, err
	}
	err = fillData(made, m)
	if err == nil {
		err = l.fillMaps(made, m)
	}
	if err != nil {
		made.Close()
		return nil, err
	}
	if m.pinPath != "" && m.policy != PinReplace {
		return l.pin(made, m)
	}
	return made, nil
}

// takeGiven takes a map that a caller gave with [Map.UseMap], or that a handler supplies.
func (l *loading) takeGiven(m *Map) (*ebpf.Map, error) {
	given := m.existing
	if given == nil {
		var err error
		if given, err = m.def.Supply(); err != nil {
			return nil, fmt.Errorf("supply: %w", fromHandler(err))
		}
		if given == nil {
			return nil, fmt.Errorf("supplied no map: %w", refuse.ErrHandler)
		}
	}
	if m.def.Type != ebpf.UnspecifiedMap {
		if err := l.compatible(m, given.FD(), ""); err != nil {
			return nil, refuse.At(StagePin, m.def.Section, m.def.Name, err)
		}
	}
	own, err := given.Clone()
	if err != nil {
		return nil, fmt.Errorf("descriptor for the map that was given: %w", err)
	}
	l.reused[m] = true
	if m.pinPath == "" || m.policy == PinReplace {
		return own, nil
	}
	if err := l.pinGiven(own, m); err != nil {
		own.Close()
		return nil, refuse.At(StagePin, m.def.Section, m.def.Name, err)
	}
	return own, nil
}

// fillData puts global data in its map, and freezes what is read-only.
func fillData(made *ebpf.Map, m *Map) error {
	if m.def.Source == mapdef.SourceData && m.value != nil {
		if err := made.Put(uint32(0), m.value); err != nil {
			return fmt.Errorf("write initial value: %w", err)
		}
	}
	if m.def.Frozen() {
		if err := made.Freeze(); err != nil {
			return fmt.Errorf("freeze: %w", err)
		}
	}
	return nil
}

// fillMaps puts maps in a map of maps that was just made. One that was pinned or given keeps what it holds: others may have changed it.
func (l *loading) fillMaps(made *ebpf.Map, m *Map) error {
	if !mapdef.HoldsMaps(m.def.Type) {
		return nil
	}
	for _, slot := range m.def.Slots {
		inner := l.mapNamed(slot.Name)
		if inner == nil {
			return fmt.Errorf("slot %d: %s: %w", slot.Index, slot.Name, refuse.ErrNotCreated)
		}
		if err := made.Put(slot.Index, uint32(inner.FD())); err != nil {
			return fmt.Errorf("slot %d: %s: %w", slot.Index, slot.Name, err)
		}
	}
	return nil
}

// newMap makes one map in the kernel.
func (l *loading) newMap(m *Map) (*ebpf.Map, error) {
	attr, err := attributes(l.object.name, m.def)
	if err != nil {
		return nil, err
	}
	if mapdef.HoldsMaps(m.def.Type) {
		template, err := l.template(m)
		if err != nil {
			return nil, err
		}
		defer sys.Close(template)
		attr.InnerMapFD = uint32(template)
	}
	fd, err := l.createWithTypes(attr, m.def)
	if err != nil {
		return nil, explainNode(err, attr)
	}
	made, err := ebpf.NewMapFromFD(fd)
	if err != nil {
		return nil, fmt.Errorf("inspect new map: %w", err)
	}
	return made, nil
}

// template makes the map that shows the kernel what the maps in a map of maps look like. It is needed only while the outer map is made.
func (l *loading) template(m *Map) (int, error) {
	d := m.def
	switch {
	case m.inner != nil:
		fd, err := sys.Duplicate(m.inner.FD())
		if err != nil {
			return -1, fmt.Errorf("descriptor for inner map: %w", err)
		}
		return fd, nil
	case d.Inner == nil:
		return -1, fmt.Errorf("a map of type %v needs to know its inner maps: add __array(values, ...), or a map of its inner_id: %w", d.Type, refuse.ErrInner)
	}
	attr, err := attributes(l.object.name, d.Inner)
	if err != nil {
		return -1, fmt.Errorf("inner map: %w", err)
	}
	fd, err := l.createWithTypes(attr, d.Inner)
	if err != nil {
		return -1, fmt.Errorf("inner map: %w", explainNode(err, attr))
	}
	return fd, nil
}

// attributes is a definition as this machine's kernel wants it.
func attributes(object string, d *mapdef.Definition) (*sys.MapCreateAttr, error) {
	name := d.Name
	if d.Source == mapdef.SourceData {
		name = mapdef.DataName(object, d.Section)
	}
	a := plainAttributes(name, d)
	switch d.Type {
	case ebpf.PerfEventArray:
		// An element per CPU, each a descriptor (libbpf, map_set_def_max_entries and bpf_object__create_map).
		if a.MaxEntries == 0 {
			n, err := ebpf.PossibleCPU()
			if err != nil {
				return nil, fmt.Errorf("count CPUs: %w", err)
			}
			a.MaxEntries = uint32(n)
		}
		if a.KeySize == 0 && a.ValueSize == 0 {
			a.KeySize, a.ValueSize = 4, 4
		}
	case ebpf.RingBuf, ebpf.UserRingbuf:
		a.MaxEntries = ringSize(a.MaxEntries, uint32(os.Getpagesize()))
	case ebpf.ArrayOfMaps, ebpf.HashOfMaps, ebpf.ProgramArray:
		if a.KeySize == 0 && d.Type != ebpf.HashOfMaps {
			a.KeySize = 4
		}
		if a.ValueSize == 0 {
			a.ValueSize = 4
		}
	}
	return a, nil
}

// plainAttributes is a definition as it stands.
func plainAttributes(name string, d *mapdef.Definition) *sys.MapCreateAttr {
	a := &sys.MapCreateAttr{
		MapType: uint32(d.Type), KeySize: d.KeySize, ValueSize: d.ValueSize, MaxEntries: d.MaxEntries,
		MapFlags: d.Flags, Name: sys.Name(name), MapExtra: d.MapExtra,
	}
	if d.Flags&mapdef.FlagNumaNode != 0 {
		a.NumaNode = d.NumaNode
	}
	return a
}

// ringSize is the size of a ring buffer in bytes: pages, and as many as a power of two (libbpf, adjust_ringbuf_sz). A size that is none
// stays for the kernel to refuse.
func ringSize(n, page uint32) uint32 {
	pages := (uint64(n) + uint64(page) - 1) / uint64(page)
	if pages == 0 {
		return n
	}
	size := uint64(1) << bits.Len64(pages-1) * uint64(page)
	if size > 1<<31 {
		return n
	}
	return uint32(size)
}

// takesTypes reports whether the kernel takes BTF for maps of a type. For those it does not, the types of key and value are for readers of the
// source only (libbpf, bpf_object__create_map; kernel, map_check_no_btf).
func takesTypes(t ebpf.MapType) bool {
	switch t {
	case ebpf.PerfEventArray, ebpf.CGroupArray, ebpf.StackTrace, ebpf.ArrayOfMaps, ebpf.HashOfMaps, ebpf.DevMap, ebpf.DevMapHash,
		ebpf.CPUMap, ebpf.XSKMap, ebpf.SockMap, ebpf.SockHash, ebpf.Queue, ebpf.Stack, ebpf.Arena:
		return false
	}
	return true
}

// hasTypes reports whether the kernel is told the types of a map. It takes no key without a value.
func hasTypes(d *mapdef.Definition) bool { return d.Value != 0 && takesTypes(d.Type) }

// createWithTypes makes a map with its types, and without them if the kernel does not take them for this map: it says ENOTSUPP for a type of
// map that has none, and EINVAL for keys that it wants otherwise, such as an array's that is an enum. Those errors can mean other things, so
// the first one counts if the map cannot be made without types either.
func (l *loading) createWithTypes(attr *sys.MapCreateAttr, d *mapdef.Definition) (int, error) {
	if !hasTypes(d) {
		return sys.CreateMap(attr)
	}
	if l.typesFD < 0 {
		l.noTypes[d.Name] = l.typesErr
		fd, err := sys.CreateMap(attr)
		if err != nil {
			return -1, fmt.Errorf("%w, without its types: %w", err, l.typesErr)
		}
		return fd, nil
	}
	plain := *attr
	attr.BTFFD, attr.BTFKey, attr.BTFValue = uint32(l.typesFD), uint32(d.Key), uint32(d.Value)
	fd, err := sys.CreateMap(attr)
	if err == nil || !errors.Is(err, sys.ENOTSUPP) && !errors.Is(err, syscall.EINVAL) {
		return fd, err
	}
	fd, again := sys.CreateMap(&plain)
	if again != nil {
		return -1, err
	}
	l.noTypes[d.Name] = err
	return fd, nil
}
