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

// A Difference names one attribute in which an existing map and a definition disagree.
type Difference struct {
	// Attribute is type (the kernel's number), key_size, value_size, max_entries, map_flags,
	// map_extra, numa_node, or btf_vmlinux_value_type_id (what a structure is); or, with
	// inner_map. in front, one of the first five for the maps that a map of maps takes.
	Attribute string
	Pinned    uint64 // what the map has
	Defined   uint64 // what the definition, with the changes that were made to it, asks for
}

// A MapDiffersError says why an existing map, pinned or given, is not used for a definition. It is
// in the chain of an error of [ClassPin].
type MapDiffersError struct {
	Path        string       // where the map is pinned; empty for one that was given
	Differences []Difference // all that were found; none if it is no map at all
}

// Error names every difference.
func (e *MapDiffersError) Error() string {
	var parts []string
	for _, d := range e.Differences {
		parts = append(parts, fmt.Sprintf("%s (pinned %#x, defined %#x)", d.Attribute, d.Pinned,
			d.Defined))
	}
	if len(parts) == 0 {
		parts = []string{"not a map"}
	}
	text := strings.Join(parts, ", ")
	if e.Path != "" {
		text = e.Path + ": " + text
	}
	return text
}

// differs refuses the map that is pinned at a path, or was given, with what it differs in.
func differs(path string, diffs []Difference) error {
	return fmt.Errorf("%w: %w", &MapDiffersError{Path: path, Differences: diffs},
		refuse.ErrIncompatiblePin)
}

// differences collects the attributes that differ.
type differences []Difference

func (d *differences) compare(attribute string, pinned, defined uint64) {
	if pinned != defined {
		*d = append(*d, Difference{attribute, pinned, defined})
	}
}

// A mapTeller tells what the kernel tells of a map to programs only: see [sys.KernelMaps].
type mapTeller interface {
	Info(fd int) (*sys.KernelMapInfo, error)
}

// compare refuses an existing map that is not what is wanted. It compares what a program could tell
// apart: all that the kernel says of a map but its name, its types, and its owner; and what the
// kernel tells to programs only, its NUMA node and what the maps in it look like. It does not
// compare what the map holds, whether it is frozen, and the access that user space has, which the
// kernel keeps with each descriptor and not with the map (6e71b04a8224, "bpf: Add file mode
// configuration into bpf maps").
func (w *wantedMap) compare(fd int, path string, kernel mapTeller) error {
	isMap, err := sys.IsMap(fd)
	switch {
	case err != nil:
		return err
	case !isMap:
		return differs(path, nil)
	}
	info, err := sys.InfoOf(fd)
	if err != nil {
		return fmt.Errorf("inspect map: %w", err)
	}
	var diffs differences
	diffs.compare("type", uint64(info.Type), uint64(w.attr.MapType))
	diffs.compare("key_size", uint64(info.KeySize), uint64(w.attr.KeySize))
	diffs.compare("value_size", uint64(info.ValueSize), uint64(w.attr.ValueSize))
	diffs.compare("max_entries", uint64(info.MaxEntries), uint64(w.entries))
	diffs.compare("map_flags", uint64(reportedFlags(info, &w.attr)),
		uint64(w.attr.MapFlags&^sys.AccessFlags))
	diffs.compare("map_extra", info.MapExtra, w.attr.MapExtra)
	diffs.compare("btf_vmlinux_value_type_id", uint64(info.BTFVmlinux), uint64(w.attr.BTFVmlinux))
	if err := w.compareKernelInfo(&diffs, fd, info, kernel); err != nil {
		return err
	}
	if len(diffs) > 0 {
		return differs(path, diffs)
	}
	return nil
}

// reportedFlags returns the flags that a map was made with. The kernel adds BPF_F_RDONLY_PROG to
// maps of devices (0cdbb4b09a06, "devmap: Allow map lookups from eBPF").
func reportedFlags(info *sys.Info, want *sys.MapCreateAttr) uint32 {
	if t := ebpf.MapType(info.Type); t == ebpf.DevMap || t == ebpf.DevMapHash {
		return info.MapFlags&^mapdef.FlagReadOnly | want.MapFlags&mapdef.FlagReadOnly
	}
	return info.MapFlags
}

// compareKernelInfo compares what the kernel tells to programs only: the NUMA node, if the map or
// its definition names one, and what the maps in a map of maps look like. If the kernel cannot be
// asked, a node is a reason to refuse, as nothing would ever show that it is the wrong one; inner
// maps are not, as the kernel itself checks programs and elements against them.
func (w *wantedMap) compareKernelInfo(diffs *differences, fd int, info *sys.Info,
	kernel mapTeller) error {
	onNode := (info.MapFlags|w.attr.MapFlags)&mapdef.FlagNumaNode != 0
	if !onNode && (w.inner == nil || info.Type != w.attr.MapType) {
		return nil
	}
	in, err := kernel.Info(fd)
	switch {
	case errors.Is(err, syscall.EPERM) && onNode && len(*diffs) == 0:
		return fmt.Errorf("the NUMA node of the existing map: %w", err)
	case err != nil && onNode && len(*diffs) == 0:
		return fmt.Errorf("%w: %w", refuse.ErrNodeUnknown, err)
	case err != nil:
		return nil
	}
	if onNode {
		diffs.compare("numa_node", uint64(in.Node), uint64(w.node()))
	}
	if w.inner != nil && in.Inner != nil {
		diffs.compareInner(in.Inner, &w.inner.meta)
	}
	return nil
}

// compareInner compares as the kernel does when a map is put into another: the number of elements
// counts for arrays, unless they say that it does not.
func (d *differences) compareInner(has, want *sys.InnerMeta) {
	d.compare("inner_map.type", uint64(has.Type), uint64(want.Type))
	d.compare("inner_map.key_size", uint64(has.KeySize), uint64(want.KeySize))
	d.compare("inner_map.value_size", uint64(has.ValueSize), uint64(want.ValueSize))
	d.compare("inner_map.map_flags", uint64(has.Flags), uint64(want.Flags))
	if ebpf.MapType(want.Type) == ebpf.Array && want.Flags&mapdef.FlagInnerMap == 0 {
		d.compare("inner_map.max_entries", uint64(has.MaxEntries), uint64(want.MaxEntries))
	}
}
