// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"encoding/binary"
	"errors"
	"os"
	"slices"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

func TestNUMANode(t *testing.T) {
	for _, tc := range []struct {
		name string
		spec ebpf.MapSpec
		want int
	}{
		{"node 0 asked for", ebpf.MapSpec{Type: ebpf.Hash, KeySize: 4, ValueSize: 4, MaxEntries: 1, Flags: unix.BPF_F_NUMA_NODE}, 0},
		{"none asked for", ebpf.MapSpec{Type: ebpf.Hash, KeySize: 4, ValueSize: 4, MaxEntries: 1}, NoNode},
		{"node 0 without the flag", ebpf.MapSpec{Type: ebpf.Array, KeySize: 4, ValueSize: 4, MaxEntries: 1, NumaNode: 7}, NoNode},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, id := newMap(t, &tc.spec)
			if node, err := NUMANode(id); err != nil || node != tc.want {
				t.Errorf("node %d, %v, want %d", node, err, tc.want)
			}
		})
	}
}

func TestNUMANodeOfAMapThatIsHeldByIDOnly(t *testing.T) {
	_, id := newMap(t, &ebpf.MapSpec{Type: ebpf.RingBuf, MaxEntries: uint32(os.Getpagesize()), Flags: unix.BPF_F_NUMA_NODE})
	if node, err := NUMANode(id); err != nil || node != 0 {
		t.Errorf("node %d, %v", node, err)
	}
}

func TestNUMANodeLeavesNothingBehind(t *testing.T) {
	_, id := newMap(t, &ebpf.MapSpec{Type: ebpf.Array, KeySize: 4, ValueSize: 4, MaxEntries: 1})
	if _, err := NUMANode(id); err != nil {
		t.Fatal(err)
	}
	before, err := Take("")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := NUMANode(id); err != nil {
		t.Fatal(err)
	}
	after, err := Take("") // at once: what is freed late would be a leak of the loader under test
	if err != nil {
		t.Fatal(err)
	}
	left, err := notHeldByOthers(after.Beyond(before))
	if err != nil {
		t.Fatal(err)
	}
	named, err := describeAll(left)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range named {
		if o.Name == iteratorName || o.Kind == KindLink {
			t.Errorf("left: %s", o)
		}
	}
}

func TestPageNodes(t *testing.T) {
	page := uint32(os.Getpagesize())
	for _, tc := range []struct {
		name  string
		spec  ebpf.MapSpec
		pages int
	}{
		{"array of one byte", ebpf.MapSpec{Type: ebpf.Array, KeySize: 4, ValueSize: 1, MaxEntries: 1, Flags: unix.BPF_F_MMAPABLE}, 1},
		{"array of three pages", ebpf.MapSpec{Type: ebpf.Array, KeySize: 4, ValueSize: 8, MaxEntries: 3 * page / 8, Flags: unix.BPF_F_MMAPABLE | unix.BPF_F_NUMA_NODE}, 3},
		{"array of a page and a value", ebpf.MapSpec{Type: ebpf.Array, KeySize: 4, ValueSize: 5, MaxEntries: page/8 + 1, Flags: unix.BPF_F_MMAPABLE}, 2},
		{"ring buffer", ebpf.MapSpec{Type: ebpf.RingBuf, MaxEntries: 4 * page, Flags: unix.BPF_F_NUMA_NODE}, 2 + 4},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, id := newMap(t, &tc.spec)
			nodes, err := PageNodes(id)
			if err != nil {
				t.Fatal(err)
			}
			if len(nodes) != tc.pages {
				t.Errorf("%d pages, want %d", len(nodes), tc.pages)
			}
			online, err := NUMANodes()
			if err != nil {
				t.Fatal(err)
			}
			if slices.ContainsFunc(nodes, func(n int) bool { return n < 0 || online == 1 && n != 0 }) {
				t.Errorf("nodes %v, with %d online", nodes, online)
			}
		})
	}
}

func TestPageNodesCannotBeToldOfAMapWithoutPages(t *testing.T) {
	for name, spec := range map[string]*ebpf.MapSpec{
		"array that may not be mapped": {Type: ebpf.Array, KeySize: 4, ValueSize: 4, MaxEntries: 1},
		"hash":                         {Type: ebpf.Hash, KeySize: 4, ValueSize: 4, MaxEntries: 1},
	} {
		_, id := newMap(t, spec)
		if nodes, err := PageNodes(id); !errors.Is(err, ErrCannotTell) {
			t.Errorf("%s: nodes %v, %v", name, nodes, err)
		}
	}
}

func TestNodesOfAMapThatDoesNotExist(t *testing.T) {
	if _, err := NUMANode(noSuchID); !errors.Is(err, ErrNoSuchObject) {
		t.Errorf("node: %v", err)
	}
	if _, err := PageNodes(noSuchID); !errors.Is(err, ErrNoSuchObject) {
		t.Errorf("pages: %v", err)
	}
}

func TestAStructWithoutTheMemberCannotTell(t *testing.T) {
	word := &btf.Int{Size: 4}
	s := &btf.Struct{Name: "bpf_map", Members: []btf.Member{
		{Name: "id", Type: word, Offset: 32},
		{Name: "wide", Type: &btf.Int{Size: 8}, Offset: 64},
		{Name: "bits", Type: word, Offset: 128, BitfieldSize: 3},
		{Name: "far", Type: word, Offset: 1 << 20},
	}}
	if at, err := wordAt(s, "id"); err != nil || at != 4 {
		t.Errorf("id at %d, %v", at, err)
	}
	for _, name := range []string{"numa_node", "wide", "bits", "far"} {
		if at, err := wordAt(s, name); !errors.Is(err, ErrCannotTell) {
			t.Errorf("%s at %d, %v", name, at, err)
		}
	}
}

func TestNodesAreParsed(t *testing.T) {
	var written []byte
	for _, n := range []int32{3, 1, 4, -1} {
		written = binary.NativeEndian.AppendUint32(written, uint32(n))
	}
	nodes, err := parseNodes(written)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[uint32]int{3: 1, 4: NoNode}, nodes); diff != "" {
		t.Error(diff)
	}
	if _, err := parseNodes(written[:15]); err == nil {
		t.Error("half an entry was taken")
	}
}

func FuzzNodes(f *testing.F) {
	f.Add([]byte{1, 0, 0, 0, 255, 255, 255, 255})
	f.Add([]byte{1, 2, 3})
	f.Fuzz(func(t *testing.T, written []byte) {
		nodes, err := parseNodes(written)
		if err == nil && len(nodes) > len(written)/nodeSize {
			t.Errorf("%d nodes of %d bytes", len(nodes), len(written))
		}
	})
}
