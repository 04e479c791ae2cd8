// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"testing"

	"github.com/cilium/ebpf"
)

func TestMemoryOfTheKernelIsAddedUp(t *testing.T) {
	got, err := kernelMemoryIn([]byte("MemTotal:  900 kB\nSUnreclaim:   30 kB\nVmallocUsed: 4 kB\n"))
	if err != nil || got != 34 {
		t.Errorf("%d, %v, want 34", got, err)
	}
	for _, text := range []string{"", "MemTotal: 1 kB\n", "SUnreclaim: much\n"} {
		if got, err := kernelMemoryIn([]byte(text)); err == nil {
			t.Errorf("%q: %d", text, got)
		}
	}
}

// A map of 64 MiB is more than what comes and goes otherwise.
func TestMemoryOfTheKernelGrowsWithAMap(t *testing.T) {
	before, err := KernelMemory()
	noError(t, err)
	newMap(t, &ebpf.MapSpec{Type: ebpf.Array, KeySize: 4, ValueSize: 64 << 10, MaxEntries: 1 << 10})
	after, err := KernelMemory()
	noError(t, err)
	if grown := after - before; grown < 32<<10 {
		t.Errorf("grown by %d KiB", grown)
	}
}
