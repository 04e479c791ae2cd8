// SPDX-License-Identifier: Apache-2.0

package mapdef

import (
	"fmt"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
)

// samplesSize counts the bytes of struct bpf_load_map_def { __u32 type, key_size, value_size,
// max_entries, map_flags, inner_map_idx, numa_node; } (Linux up to 5.10, samples/bpf/bpf_load.h).
const samplesSize = 28

// samplesLayout reads struct bpf_load_map_def. A longer one has to end in zeros, as a bpf_map_def
// has to (load_elf_maps_section).
type samplesLayout struct{}

func (samplesLayout) size() int        { return samplesSize }
func (samplesLayout) takesZeros() bool { return true }

// read uses numa_node only together with BPF_F_NUMA_NODE: a struct without a node has 0 there,
// which is one (load_maps).
func (samplesLayout) read(d *Definition, n numbers) error {
	d.Source = SourceSamples
	d.innerIndex = n[5]
	if d.Flags&FlagNumaNode != 0 {
		d.nameNode(n[6])
	}
	if !HoldsMaps(d.Type) && d.innerIndex != 0 {
		return fmt.Errorf("a map of type %v has inner_map_idx %d and holds no maps: %w", d.Type,
			d.innerIndex, refuse.ErrInner)
	}
	return nil
}

// connect finds what the elements of each map of maps look like: like the map of that index, which
// has to come before it. The map does not become an element (load_maps).
func (samplesLayout) connect(defs []*Definition) error {
	for i, d := range defs {
		switch n := d.innerIndex; {
		case !HoldsMaps(d.Type):
		case uint64(n) >= uint64(i):
			return refuse.At(refuse.StageDefine, d.Section, d.Name,
				fmt.Errorf("inner_map_idx %d names no map before map %d: %w", n, i,
					refuse.ErrInner))
		case HoldsMaps(defs[n].Type):
			return refuse.At(refuse.StageDefine, d.Section, d.Name,
				fmt.Errorf("inner_map_idx %d: %s holds maps itself: %w", n, defs[n].Name,
					refuse.ErrInner))
		default:
			d.Inner = defs[n]
		}
	}
	return nil
}
