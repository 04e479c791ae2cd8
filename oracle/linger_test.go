// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"
)

// TestWhatNoProcessOfOursHoldsIsGivenTime has a map that only a pin of another's holds, and that is
// gone later than a loader's may be.
func TestWhatNoProcessOfOursHoldsIsGivenTime(t *testing.T) {
	theirs := filepath.Join(bpffs(t), "m")
	w := Witness{BPFFS: t.TempDir(), Shared: true}
	before, err := w.Take()
	if err != nil {
		t.Fatal(err)
	}
	m, id := newMap(t, &ebpf.MapSpec{Type: ebpf.Array, KeySize: 4, ValueSize: 4, MaxEntries: 1})
	if err := m.Pin(theirs); err != nil {
		t.Fatal(err)
	}
	settle := func() []Object {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		beyond, err := w.Beyond(ctx, before)
		if err != nil {
			t.Fatal(err)
		}
		return beyond
	}
	began := time.Now()
	held := false
	for _, o := range settle() {
		held = held || o.Kind == KindMap && o.ID == id
	}
	if !held || time.Since(began) > lingering {
		t.Errorf("what this process holds is seen: %t, after %v", held, time.Since(began))
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	removed := make(chan error, 1)
	time.AfterFunc(300*time.Millisecond, func() { removed <- os.Remove(theirs) })
	for _, o := range settle() {
		if o.Kind == KindMap && o.ID == id {
			t.Errorf("beyond: %v", o)
		}
	}
	if err := <-removed; err != nil {
		t.Fatal(err)
	}
}

// TestWhatIsHeldForGoodIsNotWaitedFor has a map that this process holds, one that it has pinned,
// one that it has mapped, and one that is gone later, and that nothing of ours holds.
func TestWhatIsHeldForGoodIsNotWaitedFor(t *testing.T) {
	ours, theirs := bpffs(t), bpffs(t)
	w := Witness{BPFFS: ours, Shared: true, Firm: 50 * time.Millisecond}
	empty, err := w.Take()
	if err != nil {
		t.Fatal(err)
	}
	m, id := newMap(t, &ebpf.MapSpec{Type: ebpf.Array, KeySize: 4, ValueSize: 4, MaxEntries: 1})
	const long = 5 * time.Minute // no machine is so busy
	settle := func(limit time.Duration) (took time.Duration, seen bool) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), limit)
		defer cancel()
		began := time.Now()
		beyond, err := w.Beyond(ctx, empty)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range beyond {
			seen = seen || o.Kind == KindMap && o.ID == id
		}
		return time.Since(began), seen
	}
	if took, seen := settle(long); !seen || took < w.Firm || took > long/2 {
		t.Errorf("held: seen %t, after %v", seen, took)
	}
	if err := m.Pin(filepath.Join(ours, "m")); err != nil {
		t.Fatal(err)
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	if took, seen := settle(long); !seen || took > long/2 {
		t.Errorf("pinned: seen %t, after %v", seen, took)
	}
	if err := os.Remove(filepath.Join(ours, "m")); err != nil {
		t.Fatal(err)
	}

	m, id = newMap(t, &ebpf.MapSpec{Type: ebpf.Array, KeySize: 4, ValueSize: 4, MaxEntries: 1,
		Flags: unix.BPF_F_MMAPABLE})
	mapped, err := unix.Mmap(m.FD(), 0, os.Getpagesize(), unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	if took, seen := settle(long); !seen || took > long/2 {
		t.Errorf("mapped: seen %t, after %v", seen, took)
	}
	if err := unix.Munmap(mapped); err != nil {
		t.Fatal(err)
	}

	m, id = newMap(t, &ebpf.MapSpec{Type: ebpf.Array, KeySize: 4, ValueSize: 4, MaxEntries: 1})
	if err := m.Pin(filepath.Join(theirs, "m")); err != nil {
		t.Fatal(err)
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	removed := make(chan error, 1)
	time.AfterFunc(10*w.Firm, func() { removed <- os.Remove(filepath.Join(theirs, "m")) })
	if took, seen := settle(long); seen {
		t.Errorf("held by nothing of ours: seen after %v", took)
	}
	if err := <-removed; err != nil {
		t.Fatal(err)
	}
}
