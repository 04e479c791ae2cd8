// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"testing"

	"github.com/cilium/ebpf/btf"
	"github.com/google/go-cmp/cmp"
)

// TestTheLayoutOfMapsIsFound compares what stepping over the running kernel's types finds with what
// cilium/ebpf reads in them.
func TestTheLayoutOfMapsIsFound(t *testing.T) {
	blob, err := os.ReadFile(kernelTypes)
	do(t, err)
	got, err := findMapLayout(blob)
	do(t, err)
	kernel, err := btf.LoadSpecFromReader(bytes.NewReader(blob))
	do(t, err)
	var bpfMap *btf.Struct
	do(t, kernel.TypeByName("bpf_map", &bpfMap))
	at := map[string]int16{}
	for _, m := range bpfMap.Members {
		at[m.Name] = int16(m.Offset.Bytes())
	}
	want := mapLayout{
		node: at["numa_node"], inner: at["inner_map_meta"], mapType: at["map_type"],
		keySize: at["key_size"], valueSize: at["value_size"], maxEntries: at["max_entries"],
		flags: at["map_flags"],
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(mapLayout{})); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// mapTypes returns BTF with a struct bpf_map, some of whose members lie in a union without a name.
func mapTypes(t testing.TB, name string) []byte {
	t.Helper()
	word := &btf.Int{Name: "unsigned int", Size: 4}
	member := func(name string, at btf.Bits) btf.Member {
		return btf.Member{Name: name, Type: word, Offset: 8 * at}
	}
	b, err := btf.NewBuilder([]btf.Type{&btf.Struct{Name: name, Size: 64, Members: []btf.Member{
		member("map_type", 0), member("key_size", 4),
		{Offset: 8 * 8, Type: &btf.Union{Size: 8, Members: []btf.Member{
			{Type: &btf.Struct{Size: 8, Members: []btf.Member{
				member("value_size", 0), member("max_entries", 4),
			}}},
		}}},
		member("map_flags", 16), member("numa_node", 20), member("inner_map_meta", 24),
	}}}, nil)
	do(t, err)
	blob, err := b.Marshal(nil, nil)
	do(t, err)
	return blob
}

func TestMembersInUnionsWithoutNamesAreFound(t *testing.T) {
	got, err := findMapLayout(mapTypes(t, "bpf_map"))
	do(t, err)
	want := mapLayout{keySize: 4, valueSize: 8, maxEntries: 12, flags: 16, node: 20, inner: 24}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(mapLayout{})); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if _, err := findMapLayout(mapTypes(t, "bpf_mop")); !errors.Is(err, errTypes) {
		t.Errorf("without struct bpf_map: %v, want %v", err, errTypes)
	}
}

func FuzzMapLayout(f *testing.F) {
	f.Add(mapTypes(f, "bpf_map"))
	f.Add(binary.NativeEndian.AppendUint16(nil, btfMagic))
	f.Fuzz(func(t *testing.T, blob []byte) {
		if _, err := findMapLayout(blob); err != nil && !errors.Is(err, errTypes) {
			t.Fatal(err)
		}
	})
}

// BenchmarkMapLayout measures what a load pays that has to ask for a node.
func BenchmarkMapLayout(b *testing.B) {
	for b.Loop() {
		if _, err := readMapLayout(); err != nil {
			b.Fatal(err)
		}
	}
}
