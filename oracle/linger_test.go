// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/cilium/ebpf"
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
