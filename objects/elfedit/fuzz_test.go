// SPDX-License-Identifier: Apache-2.0

package elfedit_test

import (
	"bytes"
	"debug/elf"
	"testing"

	. "github.com/loadstone-bpf/loadstone/objects/elfedit"
)

// FuzzApply edits any input. An edit may refuse it but must not panic, and what it lays out can be
// read.
func FuzzApply(f *testing.F) {
	f.Add(object(f, "el"))
	f.Add(object(f, "eb"))
	for _, e := range []Edit{Half(), BTFHeader(TypesLength, 1<<30), SectionHeaders(1<<64 - 64), EmptySection(".BTF")} {
		bad, err := Apply(object(f, "el"), e)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(bad)
	}
	edits := []Edit{
		GrowSection(".maps", 4), DropSection(".BTF"), DropSymbol("counts"), SectionOffset(".maps", 1<<40),
		RenameType(DataSec, ".maps", ".mops"), PointTypeAtItself(Typedef, "__u32"), BTFVersion(2), SectionHeaders(1 << 40),
		UnlistVariable(".maps", "counts"), ResizeVariable(".maps", "counts", 1), AddToReference("xdp", "counts", 8),
		SetImmediate("xdp", 1, 1), RelocType("xdp", 0, 2), SetBytes(".maps", 8, 1, 2), CompressSection(".BTF"),
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		for _, e := range edits {
			got, err := Apply(raw, e)
			if err != nil || e.String() == SectionHeaders(1<<40).String() || e.String() == SectionOffset(".maps", 1<<40).String() {
				continue
			}
			if _, err := elf.NewFile(bytes.NewReader(got)); err != nil {
				t.Errorf("%s: %v", e, err)
			}
		}
	})
}
