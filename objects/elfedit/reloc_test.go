// SPDX-License-Identifier: Apache-2.0

package elfedit_test

import (
	"bytes"
	"debug/elf"
	"testing"

	. "github.com/loadstone-bpf/loadstone/objects/elfedit"
)

// firstReloc returns the offset of the first relocation of section xdp.
func firstReloc(t *testing.T, raw []byte) uint64 {
	t.Helper()
	f, err := elf.NewFile(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	data, err := f.Section(".relxdp").Data()
	if err != nil {
		t.Fatal(err)
	}
	return f.ByteOrder.Uint64(data)
}

func TestRelocationIsMoved(t *testing.T) {
	for _, order := range []string{"el", "eb"} {
		good := object(t, order)
		for _, by := range []int64{8, -8, 3} {
			moved, err := Apply(good, MoveRelocation("xdp", "counts", by))
			if err != nil {
				t.Fatal(err)
			}
			if was, is := firstReloc(t, good), firstReloc(t, moved); is != was+uint64(by) {
				t.Errorf("%s: at %d, moved by %d, is at %d", order, was, by, is)
			}
		}
	}
}

func TestRelocationThatIsNotThereIsNotMoved(t *testing.T) {
	for _, edit := range []Edit{MoveRelocation("xdp", "count", 8), MoveRelocation(".maps", "counts", 8), MoveRelocation("tc", "counts", 8)} {
		if _, err := Apply(object(t, "el"), edit); err == nil {
			t.Errorf("%s: did not fail", edit)
		}
	}
}
