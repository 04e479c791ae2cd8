// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"fmt"
	"math/bits"
	"os"

	"github.com/cilium/ebpf"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/mapdef"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/sys"
)

// A wantedMap says what a definition asks of this machine's kernel. It is made once per load and
// map: creating the map, and comparing one that exists with the definition, both read it.
type wantedMap struct {
	def     *mapdef.Definition
	attr    sys.MapCreateAttr // without descriptors
	entries uint32            // max_entries as the kernel will report it
	inner   *wantedInner      // nil for a map that holds no maps, or maps of unknown shape
}

// A wantedInner says what the maps in a map of maps look like.
type wantedInner struct {
	meta     sys.InnerMeta
	template *ebpf.Map  // the caller's, to show the kernel; nil for none
	like     *wantedMap // by which to make a template; nil with one of the caller's
}

// want returns what a map of an object asks of the kernel.
func want(object string, m *Map) (*wantedMap, error) {
	w, err := wantDefinition(object, m.def)
	if err != nil || !mapdef.HoldsMaps(m.def.Type) {
		return w, err
	}
	switch {
	case m.inner != nil:
		info, err := sys.InfoOf(m.inner.FD())
		if err != nil {
			return nil, fmt.Errorf("inspect inner map: %w", err)
		}
		w.inner = &wantedInner{template: m.inner, meta: sys.InnerMeta{
			Type: info.Type, KeySize: info.KeySize, ValueSize: info.ValueSize,
			MaxEntries: info.MaxEntries, Flags: info.MapFlags,
		}}
	case m.def.Inner != nil:
		like, err := wantDefinition(object, m.def.Inner)
		if err != nil {
			return nil, fmt.Errorf("inner map: %w", err)
		}
		a := &like.attr
		w.inner = &wantedInner{like: like, meta: sys.InnerMeta{
			Type: a.MapType, KeySize: a.KeySize, ValueSize: a.ValueSize, MaxEntries: a.MaxEntries,
			Flags: a.MapFlags &^ sys.AccessFlags,
		}}
	}
	return w, nil
}

// node returns the NUMA node that is wanted, [mapdef.NoNode] for any.
func (w *wantedMap) node() uint32 {
	if w.attr.MapFlags&mapdef.FlagNumaNode == 0 {
		return mapdef.NoNode
	}
	return w.attr.NumaNode
}

// wantDefinition puts right what depends on the machine: numbers of CPUs, sizes in whole pages.
func wantDefinition(object string, d *mapdef.Definition) (*wantedMap, error) {
	name := d.Name
	if d.IsData() {
		name = mapdef.DataName(object, d.Section)
	}
	a := asDefined(name, d.Attributes)
	switch d.Type {
	case ebpf.PerfEventArray:
		// An element per CPU (libbpf, map_set_def_max_entries).
		if a.MaxEntries == 0 {
			n, err := ebpf.PossibleCPU()
			if err != nil {
				return nil, fmt.Errorf("count CPUs: %w", err)
			}
			a.MaxEntries = uint32(n)
		}
	case ebpf.RingBuf, ebpf.UserRingbuf:
		a.MaxEntries = ringSize(a.MaxEntries, uint32(os.Getpagesize()))
	}
	descriptorSizes(&a)
	entries, err := reportedEntries(&a)
	if err != nil {
		return nil, err
	}
	return &wantedMap{def: d, attr: a, entries: entries}, nil
}

// descriptorSizes fills in sizes that a definition of a map of descriptors leaves out. An element
// is a descriptor, and an index the key of an array, of 4 bytes each, and the kernel takes no
// other (fd_array_map_alloc_check, array_map_alloc_check, htab_of_map_alloc_check). libbpf fills
// in those of maps of maps and PROG_ARRAYs that have values (parse_btf_map_def), and cilium/ebpf
// those of PERF_EVENT_ARRAYs, each on its own (MapSpec.fixupMagicFields).
func descriptorSizes(a *sys.MapCreateAttr) {
	const size = 4
	switch t := ebpf.MapType(a.MapType); t {
	case ebpf.PerfEventArray, ebpf.CGroupArray, ebpf.ProgramArray, ebpf.ArrayOfMaps,
		ebpf.HashOfMaps:
		if t != ebpf.HashOfMaps && a.KeySize == 0 {
			a.KeySize = size
		}
		if a.ValueSize == 0 {
			a.ValueSize = size
		}
	}
}

// asDefined returns the attributes of a definition as they stand in it.
func asDefined(name string, d mapdef.Attributes) sys.MapCreateAttr {
	a := sys.MapCreateAttr{
		MapType: uint32(d.Type), KeySize: d.KeySize, ValueSize: d.ValueSize,
		MaxEntries: d.MaxEntries,
		MapFlags:   d.Flags, Name: sys.Name(name), MapExtra: d.MapExtra,
	}
	if d.Flags&mapdef.FlagNumaNode != 0 {
		a.NumaNode = d.NumaNode
	}
	return a
}

// ringSize returns the size of a ring buffer in bytes: pages, and as many as a power of two
// (libbpf, adjust_ringbuf_sz). It returns a size that is no such number as it is, for the kernel to
// refuse.
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

// reportedEntries returns the number of elements that the kernel will say a map has. A map with a
// list of its own for each CPU has as many for each (kernel, htab_map_alloc).
func reportedEntries(a *sys.MapCreateAttr) (uint32, error) {
	if t := ebpf.MapType(a.MapType); t != ebpf.LRUHash && t != ebpf.LRUCPUHash ||
		a.MapFlags&mapdef.FlagNoCommonLRU == 0 {
		return a.MaxEntries, nil
	}
	n, err := ebpf.PossibleCPU()
	if err != nil {
		return 0, fmt.Errorf("count CPUs: %w", err)
	}
	cpus := uint32(n)
	if up := (a.MaxEntries + cpus - 1) / cpus * cpus; up >= a.MaxEntries {
		return up, nil
	}
	return a.MaxEntries / cpus * cpus, nil
}
