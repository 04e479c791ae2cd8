// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"errors"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/google/go-cmp/cmp"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
)

// joinable opens an object of two that can be linked.
func joinable(t *testing.T, name string) *Object {
	t.Helper()
	o, err := Open([]string{"xdpchain/testdata/" + name + ".bpfel.o"}, Options{})
	do(t, err)
	return o
}

func TestEntriesOfPartsAreSubprograms(t *testing.T) {
	o, err := joinable(t, "drops").Join([]Part{{joinable(t, "passes"), "passes"}})
	do(t, err)
	got := make(map[string]string)
	for _, p := range o.Programs() {
		got[p.Name()] = p.Section()
	}
	if diff := cmp.Diff(map[string]string{"beside": "tc", "drops": "xdp"}, got); diff != "" {
		t.Errorf("programs (-want +got)\n%s", diff)
	}
	if o.Map("passes_seen") == nil || o.Program("passes") != nil {
		t.Error("the part's map is missing, or its program is still one")
	}
	kinds, err := joinable(t, "passes").Join([]Part{{joinable(t, "drops"), ""}})
	do(t, err)
	if k := kinds.Program("drops").Kind(); k.Type != ebpf.XDP {
		t.Errorf("a part without an entry has its program changed: %+v", k)
	}
}

func TestEntriesThatAreNone(t *testing.T) {
	for entry, want := range map[string]error{
		"nowhere": ClassNotFound, "passes_seen": ClassNotFound, "count": refuse.ErrStaticEntry,
	} {
		_, err := joinable(t, "drops").Join([]Part{{joinable(t, "passes"), entry}})
		var e *Error
		if !errors.Is(err, want) || !errors.As(err, &e) || e.Stage != refuse.StageLink || e.Object != "passes" {
			t.Errorf("%s: %v", entry, err)
		}
	}
}
