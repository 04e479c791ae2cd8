// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"errors"
	"fmt"
	"strings"
	"syscall"

	"github.com/cilium/ebpf"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/mapdef"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/sys"
)

// A Difference is one attribute in which a map that is there is not what a definition asks for.
type Difference struct {
	// Attribute is type (the kernel's number), key_size, value_size, max_entries, map_flags, map_extra or numa_node; or, with inner_map. in
	// front, one of the first five for the maps that a map of maps takes.
	Attribute string
	Pinned    uint64 // what the map has
	Defined   uint64 // what the definition, with the changes that were made to it, asks for
}

// A MapDiffersError says why a map that is there, pinned or given, is not used for a definition. It wraps [ErrIncompatiblePin].
type MapDiffersError struct {
	Path        string       // where the map is pinned; empty for one that was given
	Differences []Difference // all that were found; none if it is no map at all
}

// Error names every difference.
func (e *MapDiffersError) Error() string {
	var parts []string
	for _, d := range e.Differences {
		parts = append(parts, fmt.Sprintf("%s (pinned %#x, defined %#x)", d.Attribute, d.Pinned, d.Defined))
	}
	if len(parts) == 0 {
		parts = []string{"not a map"}
	}
	text := fmt.Sprintf("%s: %v", strings.Join(parts, ", "), refuse.ErrIncompatiblePin)
	if e.Path != "" {
		text = e.Path + ": " + text
	}
	return text
}

// Unwrap is [ErrIncompatiblePin].
func (e *MapDiffersError) Unwrap() error { return refuse.ErrIncompatiblePin }

// differences compares attributes.
type differences []Difference

func (d *differences) compare(attribute string, pinned, defined uint64) {
	if pinned != defined {
		*d = append(*d, Difference{attribute, pinned, defined})
	}
}

// compatible refuses a map that is there and not what the definition asks for. It compares what a program could tell apart: all that the kernel
// says of a map but its name, its types, and whom it belongs to; and, from inside the kernel, its NUMA node and what the maps in it look like. Not
// compared is what it holds, and whether it is frozen.
func (l *loading) compatible(m *Map, fd int, path string) error {
	isMap, err := sys.IsMap(fd)
	switch {
	case err != nil:
		return err
	case !isMap:
		return &MapDiffersError{Path: path}
	}
	info, err := sys.InfoOf(fd)
	if err != nil {
		return fmt.Errorf("inspect map: %w", err)
	}
	want, err := attributes(l.object.name, m.def)
	if err != nil {
		return err
	}
	if want.MaxEntries, err = evenEntries(want); err != nil {
		return err
	}
	var diffs differences
	diffs.compare("type", uint64(info.Type), uint64(want.MapType))
	diffs.compare("key_size", uint64(info.KeySize), uint64(want.KeySize))
	diffs.compare("value_size", uint64(info.ValueSize), uint64(want.ValueSize))
	diffs.compare("max_entries", uint64(info.MaxEntries), uint64(want.MaxEntries))
	diffs.compare("map_flags", uint64(toldFlags(info, want)), uint64(want.MapFlags))
	diffs.compare("map_extra", info.MapExtra, want.MapExtra)
	if err := l.compareInside(&diffs, m, info, want); err != nil {
		return err
	}
	if len(diffs) > 0 {
		return &MapDiffersError{Path: path, Differences: diffs}
	}
	return nil
}

// toldFlags are the flags that a map was made with. The kernel adds BPF_F_RDONLY_PROG to maps of devices (0cdbb4b09a06, "devmap: Allow map lookups
// from eBPF").
func toldFlags(info *sys.Info, want *sys.MapCreateAttr) uint32 {
	if t := ebpf.MapType(info.Type); t == ebpf.DevMap || t == ebpf.DevMapHash {
		return info.MapFlags&^mapdef.FlagReadOnly | want.MapFlags&mapdef.FlagReadOnly
	}
	return info.MapFlags
}

// evenEntries is the number of elements that the kernel will say a map has: one with a list of its own for each CPU has as many for each
// (kernel, htab_map_alloc).
func evenEntries(a *sys.MapCreateAttr) (uint32, error) {
	if t := ebpf.MapType(a.MapType); t != ebpf.LRUHash && t != ebpf.LRUCPUHash || a.MapFlags&mapdef.FlagNoCommonLRU == 0 {
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

// compareInside compares what only programs are told: the NUMA node, if the map or its definition names one, and what the maps in a map of maps
// look like. If the kernel cannot be asked, a node is a reason to refuse, as nothing would ever tell that it is the wrong one; inner maps are
// not, as the kernel itself holds programs and elements to what the map was made for.
func (l *loading) compareInside(diffs *differences, m *Map, info *sys.Info, want *sys.MapCreateAttr) error {
	onNode := (info.MapFlags|want.MapFlags)&mapdef.FlagNumaNode != 0
	inner, err := l.wantedInner(m)
	if err != nil {
		return err
	}
	if !onNode && (inner == nil || info.Type != want.MapType) {
		return nil
	}
	in, err := l.inside(info.ID)
	switch {
	case err == nil:
		diffs.compareTold(in, onNode, want, inner)
	case onNode && len(*diffs) == 0:
		return fmt.Errorf("%w: %w", refuse.ErrNodeUnknown, err)
	}
	return nil
}

// compareTold compares what the kernel told from inside.
func (d *differences) compareTold(in *sys.KernelMapInfo, onNode bool, want *sys.MapCreateAttr, inner *sys.InnerMeta) {
	if onNode {
		node := mapdef.NoNode
		if want.MapFlags&mapdef.FlagNumaNode != 0 {
			node = want.NumaNode
		}
		d.compare("numa_node", uint64(in.Node), uint64(node))
	}
	if inner != nil && in.Inner != nil {
		d.compareInner(in.Inner, inner)
	}
}

// compareInner compares as the kernel does when a map is put into another: the number of elements counts for arrays, if they do not say
// otherwise.
func (d *differences) compareInner(has, want *sys.InnerMeta) {
	d.compare("inner_map.type", uint64(has.Type), uint64(want.Type))
	d.compare("inner_map.key_size", uint64(has.KeySize), uint64(want.KeySize))
	d.compare("inner_map.value_size", uint64(has.ValueSize), uint64(want.ValueSize))
	d.compare("inner_map.map_flags", uint64(has.Flags), uint64(want.Flags))
	if ebpf.MapType(want.Type) == ebpf.Array && want.Flags&mapdef.FlagInnerMap == 0 {
		d.compare("inner_map.max_entries", uint64(has.MaxEntries), uint64(want.MaxEntries))
	}
}

// wantedInner is what the maps in a map of maps are to look like, nil for a map of no maps, or if nothing says so.
func (l *loading) wantedInner(m *Map) (*sys.InnerMeta, error) {
	switch {
	case !mapdef.HoldsMaps(m.def.Type):
		return nil, nil
	case m.inner != nil:
		info, err := sys.InfoOf(m.inner.FD())
		if err != nil {
			return nil, fmt.Errorf("inspect inner map: %w", err)
		}
		return &sys.InnerMeta{
			Type: info.Type, KeySize: info.KeySize, ValueSize: info.ValueSize, MaxEntries: info.MaxEntries, Flags: info.MapFlags,
		}, nil
	case m.def.Inner == nil:
		return nil, nil
	}
	a, err := attributes(l.object.name, m.def.Inner)
	if err != nil {
		return nil, fmt.Errorf("inner map: %w", err)
	}
	return &sys.InnerMeta{
		Type: a.MapType, KeySize: a.KeySize, ValueSize: a.ValueSize, MaxEntries: a.MaxEntries, Flags: a.MapFlags,
	}, nil
}

// inside asks the kernel what only programs are told of a map. Its types are its own, whatever CO-RE is to be made against.
func (l *loading) inside(id uint32) (*sys.KernelMapInfo, error) {
	kernel, err := l.kernelTypes()
	if err != nil {
		return nil, fmt.Errorf("the kernel's types: %w", err)
	}
	return sys.ReadKernelMapInfo(kernel, id)
}

// explainNode says of the kernel's refusal of a map that the NUMA node it was to be on is not there, if that is so by what sysfs says.
func explainNode(err error, a *sys.MapCreateAttr) error {
	if !errors.Is(err, syscall.EINVAL) || a.MapFlags&mapdef.FlagNumaNode == 0 || a.NumaNode == mapdef.NoNode {
		return err
	}
	if !sys.NodeOffline(a.NumaNode) {
		return err
	}
	return fmt.Errorf("node %d: %w: %w", a.NumaNode, refuse.ErrNode, err)
}
