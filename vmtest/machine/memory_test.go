// SPDX-License-Identifier: Apache-2.0

package machine

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// TestMemoryIsKeptAsItIs with data at every kind of place: at the start, at
// the end, beside zeros, across chunks, and nowhere.
func TestMemoryIsKeptAsItIs(t *testing.T) {
	const mib = 1 << 20
	tests := []struct {
		name string
		data map[int64]int // offset to size, in bytes
	}{
		{"nothing", nil},
		{"first byte", map[int64]int{0: 1}},
		{"last byte", map[int64]int{8*mib - 1: 1}},
		{"one page", map[int64]int{4096: 4096}},
		{"two pages with a zero page between", map[int64]int{0: 4096, 8192: 4096}},
		{"across chunks", map[int64]int{mib - 4096: 8192, 3*mib + 5: 2 * mib}},
		{"all", map[int64]int{0: 8 * mib}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			m, err := newNodeMemory(Config{Nodes: []Node{{1, 8}}})
			if err != nil {
				t.Fatal(err)
			}
			defer m.close()
			want := make([]byte, 8*mib)
			for offset, size := range test.data {
				data := bytes.Repeat([]byte{0xa5}, size)
				copy(want[offset:], data)
				if _, err := m[0].WriteAt(data, offset); err != nil {
					t.Fatal(err)
				}
			}
			// Zeros that were written are data to the kernel.
			if _, err := m[0].WriteAt(want[5*mib:6*mib], 5*mib); err != nil {
				t.Fatal(err)
			}
			name := filepath.Join(t.TempDir(), "node0")
			if err := m.keep([]string{name}); err != nil {
				t.Fatal(err)
			}
			got, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("memory of %d bytes came back as %d other ones", len(want), len(got))
			}
		})
	}
}

func TestMemoryThatCannotBeKept(t *testing.T) {
	m, err := newNodeMemory(Config{Nodes: []Node{{1, 1}}})
	if err != nil {
		t.Fatal(err)
	}
	defer m.close()
	if err := m.keep([]string{filepath.Join(t.TempDir(), "missing", "node0")}); err == nil {
		t.Error("memory was kept nowhere")
	}
}
