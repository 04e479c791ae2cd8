// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"errors"
	"fmt"
	"slices"
	"syscall"

	"github.com/cilium/ebpf"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/mapdef"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/sys"
)

// A mapLoad carries one map into the kernel.
type mapLoad struct {
	*Map
	want   *wantedMap // nil for a map that is left out
	kernel *ebpf.Map  // nil until it is created or found, and for a map that is left out
	reused bool       // it was pinned or given, and keeps what it holds
	dataAt uint32     // where in it the section of the object is, bytes

	structure *structLoad // nil for a map of no structure, or one that is not made
}

// A mapMaker creates an object's maps.
type mapMaker struct {
	maps       []*mapLoad // by index in Object.maps
	types      *objectTypes
	kernelMaps mapTeller
	pins       pinner
	undo       *undoStack
	config     []byte // what the map of the kernel's configuration holds
}

// wantAll finds out what all maps ask of the kernel.
func (k *mapMaker) wantAll(o *Object) error {
	k.maps = make([]*mapLoad, len(o.maps))
	for i, m := range o.maps {
		k.maps[i] = &mapLoad{Map: m}
		if !m.create {
			continue
		}
		var err error
		if k.maps[i].want, err = want(o.name, m); err != nil {
			return refuse.At(refuse.StageCreate, m.def.Section, m.def.Name, err)
		}
		if m.def.Arena != nil {
			at, fits := sys.ArenaOffset(k.maps[i].want.attr.MaxEntries, m.def.Arena.Size)
			if !fits {
				return refuse.At(refuse.StageCreate, mapdef.ArenaSection, m.def.Name,
					fmt.Errorf("%d bytes of variables in %d pages: %w", m.def.Arena.Size,
						k.maps[i].want.attr.MaxEntries, refuse.ErrArena))
			}
			k.maps[i].dataAt = at
		}
		if o.bySection && m.def.Source == mapdef.SourceData {
			k.maps[i].want.attr.Name = sys.Name(m.def.Section)
		}
	}
	return nil
}

// createAll creates the maps, fills them, freezes what is read-only and pins what asks for it. Maps
// of maps come last, so the order in the object does not matter: they are filled with maps that
// exist, and before other processes can find them by their pins. PROG_ARRAYs have to wait for
// programs, which need them.
func (k *mapMaker) createAll() error {
	for _, outer := range []bool{false, true} {
		for _, m := range k.maps {
			if !m.create || mapdef.HoldsMaps(m.def.Type) != outer {
				continue
			}
			if err := k.obtain(m); err != nil {
				return refuse.At(refuse.StageCreate, m.def.Section, m.def.Name, err)
			}
		}
	}
	return nil
}

// obtain takes the map that was given, or is pinned where m should be, or else creates and pins
// one.
func (k *mapMaker) obtain(m *mapLoad) error {
	if m.existing != nil || m.def.Supply != nil {
		return k.takeGiven(m)
	}
	if m.pinPath != "" && m.policy == PinShare {
		if err := k.reuse(m); err != nil || m.kernel != nil {
			return err
		}
	}
	if err := k.create(m); err != nil {
		return err
	}
	if m.pinPath == "" || m.policy == PinReplace { // which comes once everything else is loaded
		return nil
	}
	return refuse.At(refuse.StagePin, m.def.Section, m.def.Name, k.pin(m))
}

// hold gives a map in the kernel to the load, which closes it should it fail. It takes the place of
// one that the load made before.
func (k *mapMaker) hold(m *mapLoad, kernel *ebpf.Map) {
	if m.kernel != nil {
		m.kernel.Close()
	} else {
		k.undo.push(func() error { return m.kernel.Close() })
	}
	m.kernel = kernel
}

// create makes the map in the kernel, with what it holds from the start.
func (k *mapMaker) create(m *mapLoad) error {
	fd, err := k.newMap(m.want)
	if err != nil {
		return err
	}
	made, err := ebpf.NewMapFromFD(fd)
	if err != nil {
		return fmt.Errorf("inspect new map: %w", err)
	}
	k.hold(m, made)
	if err := k.fillData(m); err != nil {
		return err
	}
	if err := k.fillArena(m); err != nil {
		return err
	}
	return k.fillMaps(m)
}

// newMap makes one map in the kernel, and returns its descriptor.
func (k *mapMaker) newMap(w *wantedMap) (int, error) {
	attr := w.attr
	if mapdef.HoldsMaps(w.def.Type) {
		template, err := k.template(w)
		if err != nil {
			return -1, err
		}
		defer sys.Close(template)
		attr.InnerMapFD = uint32(template)
	}
	fd, err := k.types.createMap(attr, w.def)
	if err != nil && w.def.StructOps != nil {
		err = explainStruct(err, &attr, k.types)
	}
	if err != nil {
		return -1, explainCreate(err, &attr, k.types.token)
	}
	return fd, nil
}

// template returns a descriptor of the map that shows the kernel what the maps in a map of maps
// look like. It is needed only while the outer map is made.
func (k *mapMaker) template(w *wantedMap) (int, error) {
	switch {
	case w.inner == nil:
		return -1, fmt.Errorf("a map of type %v needs to know its inner maps: "+
			"add __array(values, ...), or a map of its inner_id: %w", w.def.Type, refuse.ErrInner)
	case w.inner.template != nil:
		fd, err := sys.Duplicate(w.inner.template.FD())
		if err != nil {
			return -1, fmt.Errorf("descriptor for inner map: %w", err)
		}
		return fd, nil
	}
	fd, err := k.newMap(w.inner.like)
	if err != nil {
		return -1, fmt.Errorf("inner map: %w", err)
	}
	return fd, nil
}

// fillData puts global data in its map, and freezes what is read-only.
func (k *mapMaker) fillData(m *mapLoad) error {
	value := m.value
	if m.def.Source == mapdef.SourceKconfig {
		value = k.config
	}
	if m.def.IsData() && value != nil {
		if err := putData(m.kernel, value); err != nil {
			return fmt.Errorf("write initial value: %w", explainFill(err, m))
		}
	}
	if m.def.Frozen() {
		if err := m.kernel.Freeze(); err != nil {
			return fmt.Errorf("freeze: %w", explainFill(err, m))
		}
	}
	return nil
}

// putData puts a section into the one element of its map: for each CPU, where each has its own.
func putData(kernel *ebpf.Map, value []byte) error {
	if kernel.Type() != ebpf.PerCPUArray {
		return kernel.Put(uint32(0), value)
	}
	n, err := ebpf.PossibleCPU()
	if err != nil {
		return fmt.Errorf("count CPUs: %w", err)
	}
	return kernel.Put(uint32(0), slices.Repeat([][]byte{value}, n))
}

// fillArena gives an arena its address, and puts its variables in.
func (k *mapMaker) fillArena(m *mapLoad) error {
	if m.def.Type != ebpf.Arena {
		return nil
	}
	a := &m.want.attr
	if err := sys.FillArena(m.kernel.FD(), a.MapExtra, a.MaxEntries, m.dataAt,
		m.InitialValue()); err != nil {
		return fmt.Errorf("map the arena: %w", explainFill(err, m))
	}
	return nil
}

// fillMaps puts maps in a map of maps that was just made. One that was pinned or given keeps what
// it holds: others may have changed it.
func (k *mapMaker) fillMaps(m *mapLoad) error {
	if !mapdef.HoldsMaps(m.def.Type) {
		return nil
	}
	for _, slot := range m.def.Slots {
		inner := k.named(slot.Name)
		if inner == nil {
			return fmt.Errorf("slot %d: %s: %w", slot.Index, slot.Name, refuse.ErrNotCreated)
		}
		if err := m.kernel.Put(slot.Index, uint32(inner.FD())); err != nil {
			return fmt.Errorf("slot %d: %s: %w", slot.Index, slot.Name, explainFill(err, m))
		}
	}
	return nil
}

// named returns the map of that name in the kernel, nil if it was left out.
func (k *mapMaker) named(name string) *ebpf.Map {
	for _, m := range k.maps {
		if m.def.Name == name {
			return m.kernel
		}
	}
	return nil
}

// takeGiven takes a map that a caller gave with [Map.UseMap], or that a handler supplies.
func (k *mapMaker) takeGiven(m *mapLoad) error {
	given := m.existing
	if given == nil {
		var err error
		if given, err = m.def.Supply(); err != nil {
			return fmt.Errorf("supply: %w", fromHandler(err))
		}
		if given == nil {
			return fmt.Errorf("supplied no map: %w", refuse.ErrHandler)
		}
	}
	if m.def.Type != ebpf.UnspecifiedMap {
		if err := m.want.compare(given.FD(), "", k.kernelMaps); err != nil {
			return refuse.At(refuse.StagePin, m.def.Section, m.def.Name, err)
		}
	}
	own, err := given.Clone()
	if err != nil {
		return fmt.Errorf("descriptor for the map that was given: %w", err)
	}
	k.hold(m, own)
	m.reused = true
	if m.pinPath == "" || m.policy == PinReplace {
		return nil
	}
	return refuse.At(refuse.StagePin, m.def.Section, m.def.Name, k.pins.pinGiven(m))
}

// reuse takes the map that is pinned where m should be. It leaves m without one if nothing is
// pinned.
func (k *mapMaker) reuse(m *mapLoad) error {
	pinned, err := k.openPinned(m)
	if err != nil || pinned == nil {
		return refuse.At(refuse.StagePin, m.def.Section, m.def.Name, err)
	}
	k.hold(m, pinned)
	m.reused = true
	return nil
}

// openPinned opens the map that is pinned where m should be, nil where nothing is.
func (k *mapMaker) openPinned(m *mapLoad) (*ebpf.Map, error) {
	fd, err := sys.OpenPin(m.pinPath, m.want.attr.MapFlags&sys.AccessFlags)
	switch {
	case errors.Is(err, syscall.ENOENT):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("open pin %s: %w", m.pinPath, explainPin(err, m.pinPath))
	}
	if err := m.want.compare(fd, m.pinPath, k.kernelMaps); err != nil {
		sys.Close(fd)
		return nil, err
	}
	pinned, err := ebpf.NewMapFromFD(fd)
	if err != nil {
		return nil, fmt.Errorf("inspect pinned map: %w", err)
	}
	return pinned, nil
}

// pin pins a map that was just created. Should another loader have pinned the same map in the
// meantime, m takes that one instead.
func (k *mapMaker) pin(m *mapLoad) error {
	// The other loader may fail and take its pin and folder away again, any number of times; that
	// it always does so just then is no race.
	const attempts = 32
	var err error
	for range attempts {
		err = k.pins.pinNew(m)
		switch {
		case errors.Is(err, syscall.EEXIST) && m.policy == PinShare:
			if reuseErr := k.reuse(m); reuseErr != nil || m.reused {
				return reuseErr
			}
		case errors.Is(err, syscall.EEXIST):
			return fmt.Errorf("%w: %w", refuse.ErrPinned, err)
		case !errors.Is(err, errFolderGone):
			return err
		}
	}
	return err
}

// explainNode adds to the kernel's refusal of a map that its NUMA node is not online, if sysfs says
// so.
func explainNode(err error, a *sys.MapCreateAttr) error {
	if !errors.Is(err, syscall.EINVAL) || a.MapFlags&mapdef.FlagNumaNode == 0 ||
		a.NumaNode == mapdef.NoNode {
		return err
	}
	if !sys.NodeOffline(a.NumaNode) {
		return err
	}
	return fmt.Errorf("node %d: %w: %w", a.NumaNode, refuse.ErrNode, err)
}
