// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"errors"
	"math"
	"os"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/google/go-cmp/cmp"
)

const noNode = ^uint32(0) // NUMA_NO_NODE

func do(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestTheKernelTellsProgramsOfMaps asks about maps whose nodes and inner maps are known.
func TestTheKernelTellsProgramsOfMaps(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Fatal("this test loads a BPF program: run it as root, go test -exec sudo ./loaderimpl/...")
	}
	var kernel KernelMaps
	for name, c := range map[string]struct {
		spec ebpf.MapSpec
		want KernelMapInfo
	}{
		"any node": {ebpf.MapSpec{Type: ebpf.Array, KeySize: 4, ValueSize: 4, MaxEntries: 1}, KernelMapInfo{Node: noNode}},
		"node 0":   {ebpf.MapSpec{Type: ebpf.Array, KeySize: 4, ValueSize: 4, MaxEntries: 1, Flags: 1 << 2}, KernelMapInfo{}},
		"inner": {ebpf.MapSpec{Type: ebpf.ArrayOfMaps, KeySize: 4, ValueSize: 4, MaxEntries: 1,
			InnerMap: &ebpf.MapSpec{Type: ebpf.Hash, KeySize: 8, ValueSize: 16, MaxEntries: 32, Flags: 1}},
			KernelMapInfo{Node: noNode, Inner: &InnerMeta{Type: 1, KeySize: 8, ValueSize: 16, MaxEntries: 32, Flags: 1}}},
	} {
		m, err := ebpf.NewMap(&c.spec)
		do(t, err)
		got, err := kernel.Info(m.FD())
		do(t, err)
		if diff := cmp.Diff(&c.want, got); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", name, diff)
		}
		do(t, m.Close())
	}
	if _, err := kernel.Info(math.MaxInt32); !errors.Is(err, ErrCannotAsk) {
		t.Errorf("asked about a descriptor that is none: %v, want %v", err, ErrCannotAsk)
	}
}
