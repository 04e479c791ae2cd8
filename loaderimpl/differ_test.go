// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"errors"
	"math"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/google/go-cmp/cmp"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/mapdef"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/sys"
)

// TestEveryDifferenceIsNamed gives maps that differ from map shared of object pinned: a hash of 4
// and 8 bytes, 3 entries.
func TestEveryDifferenceIsNamed(t *testing.T) {
	needsBPF(t)
	good := ebpf.MapSpec{Name: "given", Type: ebpf.Hash, KeySize: 4, ValueSize: 8, MaxEntries: 3}
	for _, c := range []struct {
		name   string
		change func(s *ebpf.MapSpec)
		want   []Difference
	}{
		{"nothing", func(*ebpf.MapSpec) {}, nil},
		{"type", func(s *ebpf.MapSpec) { s.Type = ebpf.LRUHash }, []Difference{{"type", 9, 1}}},
		{"key size", func(s *ebpf.MapSpec) { s.KeySize = 8 }, []Difference{{"key_size", 8, 4}}},
		{"value size", func(s *ebpf.MapSpec) { s.ValueSize = 4 }, []Difference{{"value_size", 4, 8}}},
		{"entries", func(s *ebpf.MapSpec) { s.MaxEntries = 4 }, []Difference{{"max_entries", 4, 3}}},
		{"flags", func(s *ebpf.MapSpec) { s.Flags = mapdef.FlagNoPrealloc }, []Difference{{"map_flags", 1, 0}}},
		{"node", func(s *ebpf.MapSpec) { s.Flags = mapdef.FlagNumaNode }, []Difference{{"map_flags", 4, 0}, {"numa_node", 0, math.MaxUint32}}},
		{"all", func(s *ebpf.MapSpec) {
			*s = ebpf.MapSpec{Type: ebpf.Array, KeySize: 4, ValueSize: 1, MaxEntries: 9, Flags: mapdef.FlagMmapable}
		}, []Difference{{"type", 2, 1}, {"value_size", 1, 8}, {"max_entries", 9, 3}, {"map_flags", mapdef.FlagMmapable, 0}}},
	} {
		spec := good
		c.change(&spec)
		given, err := ebpf.NewMap(&spec)
		do(t, err)
		o := openTest(t, "pinned", Options{})
		do(t, o.Map("shared").SetPin("", PinShare))
		do(t, o.Map("shared").UseMap(given))
		l, err := o.Load(LoadOptions{})
		var differs *MapDiffersError
		switch {
		case err == nil:
			do(t, l.Close())
			differs = &MapDiffersError{}
		case !errors.As(err, &differs) || !errors.Is(err, refuse.ErrIncompatiblePin):
			t.Errorf("%s: error %v", c.name, err)
			continue
		}
		if diff := cmp.Diff(c.want, differs.Differences); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", c.name, diff)
		}
		do(t, given.Close())
	}
}

// TestAKernelThatCannotBeAsked has a kernel without types: a node that cannot be read is
// refused, and the differences that are known are named.
func TestAKernelThatCannotBeAsked(t *testing.T) {
	needsBPF(t)
	array := ebpf.MapSpec{Name: "given", Type: ebpf.Array, KeySize: 4, ValueSize: 4, MaxEntries: 1}
	outer := ebpf.MapSpec{Name: "given", Type: ebpf.ArrayOfMaps, KeySize: 4, ValueSize: 4, MaxEntries: 4, InnerMap: &array}
	for _, c := range []struct {
		name   string
		object string
		target string
		spec   ebpf.MapSpec
		change func(m *Map) error
		want   error
		differ []Difference
	}{
		{"no node", "handled/one", "kept", ebpf.MapSpec{Type: ebpf.Array, KeySize: 4, ValueSize: 4, MaxEntries: 3}, nil, nil, nil},
		{"node on both sides", "handled/one", "kept", ebpf.MapSpec{Type: ebpf.Array, KeySize: 4, ValueSize: 4, MaxEntries: 3, Flags: mapdef.FlagNumaNode},
			func(m *Map) error { return m.Change(func(a *Attributes) { a.SetNumaNode(0) }) }, refuse.ErrNodeUnknown, nil},
		{"node on one side", "handled/one", "kept", ebpf.MapSpec{Type: ebpf.Array, KeySize: 4, ValueSize: 4, MaxEntries: 3, Flags: mapdef.FlagNumaNode},
			nil, refuse.ErrIncompatiblePin, []Difference{{"map_flags", mapdef.FlagNumaNode, 0}}},
		{"maps of maps", "inner", "in_array", outer, nil, nil, nil},
	} {
		given, err := ebpf.NewMap(&c.spec)
		do(t, err)
		o := openTest(t, c.object, handled("vendor_maps", nil))
		if c.change != nil {
			do(t, c.change(o.Map(c.target)))
		}
		w, err := want(o.name, o.Map(c.target))
		do(t, err)
		err = w.compare(given.FD(), "", mute{})
		if !errors.Is(err, c.want) || c.want == nil && err != nil {
			t.Errorf("%s: error %v, want %v", c.name, err, c.want)
		}
		var differs *MapDiffersError
		if errors.As(err, &differs) && !cmp.Equal(differs.Differences, c.differ) {
			t.Errorf("%s: differences %v, want %v", c.name, differs.Differences, c.differ)
		}
		do(t, given.Close())
	}
}

// mute stands for a kernel that tells nothing to programs.
type mute struct{}

func (mute) Info(int) (*sys.KernelMapInfo, error) { return nil, sys.ErrCannotAsk }
