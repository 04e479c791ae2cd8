// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"
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
	text := fmt.Sprintf("%s: %v", strings.Join(parts, ", "), ErrIncompatiblePin)
	if e.Path != "" {
		text = e.Path + ": " + text
	}
	return text
}

// Unwrap is [ErrIncompatiblePin].
func (e *MapDiffersError) Unwrap() error { return ErrIncompatiblePin }

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
	isMap, err := isMap(fd)
	switch {
	case err != nil:
		return err
	case !isMap:
		return &MapDiffersError{Path: path}
	}
	info, err := infoOf(fd)
	if err != nil {
		return fmt.Errorf("inspect map: %w", err)
	}
	want, err := attributes(l.object.name, m.def)
	if err != nil {
		return err
	}
	if want.maxEntries, err = evenEntries(want); err != nil {
		return err
	}
	var diffs differences
	diffs.compare("type", uint64(info.typ), uint64(want.mapType))
	diffs.compare("key_size", uint64(info.keySize), uint64(want.keySize))
	diffs.compare("value_size", uint64(info.valueSize), uint64(want.valueSize))
	diffs.compare("max_entries", uint64(info.maxEntries), uint64(want.maxEntries))
	diffs.compare("map_flags", uint64(toldFlags(info, want)), uint64(want.mapFlags))
	diffs.compare("map_extra", info.mapExtra, want.mapExtra)
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
func toldFlags(info *objectInfo, want *mapCreateAttr) uint32 {
	if t := ebpf.MapType(info.typ); t == ebpf.DevMap || t == ebpf.DevMapHash {
		return info.mapFlags&^flagReadOnly | want.mapFlags&flagReadOnly
	}
	return info.mapFlags
}

// evenEntries is the number of elements that the kernel will say a map has: one with a list of its own for each CPU has as many for each
// (kernel, htab_map_alloc).
func evenEntries(a *mapCreateAttr) (uint32, error) {
	if t := ebpf.MapType(a.mapType); t != ebpf.LRUHash && t != ebpf.LRUCPUHash || a.mapFlags&flagNoCommonLRU == 0 {
		return a.maxEntries, nil
	}
	n, err := ebpf.PossibleCPU()
	if err != nil {
		return 0, fmt.Errorf("count CPUs: %w", err)
	}
	cpus := uint32(n)
	if up := (a.maxEntries + cpus - 1) / cpus * cpus; up >= a.maxEntries {
		return up, nil
	}
	return a.maxEntries / cpus * cpus, nil
}

// compareInside compares what only programs are told: the NUMA node, if the map or its definition names one, and what the maps in a map of maps
// look like. If the kernel cannot be asked, a node is a reason to refuse, as nothing would ever tell that it is the wrong one; inner maps are
// not, as the kernel itself holds programs and elements to what the map was made for.
func (l *loading) compareInside(diffs *differences, m *Map, info *objectInfo, want *mapCreateAttr) error {
	onNode := (info.mapFlags|want.mapFlags)&flagNumaNode != 0
	inner, err := l.wantedInner(m)
	if err != nil {
		return err
	}
	if !onNode && (inner == nil || info.typ != want.mapType) {
		return nil
	}
	in, err := l.inside(info.id)
	switch {
	case err == nil:
		diffs.compareTold(in, onNode, want, inner)
	case onNode && len(*diffs) == 0:
		return fmt.Errorf("%w: %w", ErrNodeUnknown, err)
	}
	return nil
}

// compareTold compares what the kernel told from inside.
func (d *differences) compareTold(in *inside, onNode bool, want *mapCreateAttr, inner *insideInner) {
	if onNode {
		node := numaNoNode
		if want.mapFlags&flagNumaNode != 0 {
			node = want.numaNode
		}
		d.compare("numa_node", uint64(in.node), uint64(node))
	}
	if inner != nil && in.inner != nil {
		d.compareInner(in.inner, inner)
	}
}

// compareInner compares as the kernel does when a map is put into another: the number of elements counts for arrays, if they do not say
// otherwise.
func (d *differences) compareInner(has, want *insideInner) {
	d.compare("inner_map.type", uint64(has.typ), uint64(want.typ))
	d.compare("inner_map.key_size", uint64(has.keySize), uint64(want.keySize))
	d.compare("inner_map.value_size", uint64(has.valueSize), uint64(want.valueSize))
	d.compare("inner_map.map_flags", uint64(has.flags), uint64(want.flags))
	if ebpf.MapType(want.typ) == ebpf.Array && want.flags&flagInnerMap == 0 {
		d.compare("inner_map.max_entries", uint64(has.maxEntries), uint64(want.maxEntries))
	}
}

// wantedInner is what the maps in a map of maps are to look like, nil for a map of no maps, or if nothing says so.
func (l *loading) wantedInner(m *Map) (*insideInner, error) {
	switch {
	case !holdsMaps(m.def.Type):
		return nil, nil
	case m.inner != nil:
		info, err := infoOf(m.inner.FD())
		if err != nil {
			return nil, fmt.Errorf("inspect inner map: %w", err)
		}
		return &insideInner{info.typ, info.keySize, info.valueSize, info.maxEntries, info.mapFlags}, nil
	case m.def.Inner == nil:
		return nil, nil
	}
	a, err := attributes(l.object.name, m.def.Inner)
	if err != nil {
		return nil, fmt.Errorf("inner map: %w", err)
	}
	return &insideInner{a.mapType, a.keySize, a.valueSize, a.maxEntries, a.mapFlags}, nil
}

// inside asks the kernel what only programs are told of a map. Its types are its own, whatever CO-RE is to be made against.
func (l *loading) inside(id uint32) (*inside, error) {
	kernel, err := l.kernelTypes()
	if err != nil {
		return nil, fmt.Errorf("the kernel's types: %w", err)
	}
	return insideOf(kernel, id)
}

// isMap reports whether a descriptor is a map's. The kernel says so in the name of its anonymous inode only.
func isMap(fd int) (bool, error) {
	name, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", fd))
	if err != nil {
		return false, fmt.Errorf("inspect pin: %w", err)
	}
	return strings.HasSuffix(name, "bpf-map"), nil
}

// explainNode says of the kernel's refusal of a map that the NUMA node it was to be on is not there, if that is so by what sysfs says.
func explainNode(err error, a *mapCreateAttr) error {
	if !errors.Is(err, unix.EINVAL) || a.mapFlags&flagNumaNode == 0 || a.numaNode == numaNoNode {
		return err
	}
	list, readErr := os.ReadFile("/sys/devices/system/node/online")
	if readErr != nil {
		return err // no NUMA in this kernel, or no sysfs: the errno has to do
	}
	online, parseErr := inList(strings.TrimSpace(string(list)), a.numaNode)
	if parseErr != nil || online {
		return err
	}
	return fmt.Errorf("node %d: %w: %w", a.numaNode, ErrNode, err)
}
