// SPDX-License-Identifier: Apache-2.0

package typeinfo

import (
	"testing"

	"github.com/cilium/ebpf/btf"
)

func TestNamesAreAsNearAsTheKernelTakesThem(t *testing.T) {
	for was, want := range map[string]string{
		"": "", "plain": "plain", "a.b_1": "a.b_1", "größe": "gr____e", "1st": "_st", "a<b>": "a_b_",
	} {
		if got := identifier(was); got != want {
			t.Errorf("%q becomes %q, want %q", was, got, want)
		}
	}
}

// Each vintage refuses a kind that the one before still takes, so that no rewriting is skipped.
func TestEachVintageTakesLess(t *testing.T) {
	f := readTest(t, "modern")
	types, err := Parse(f)
	if err != nil {
		t.Fatal(err)
	}
	all := make([]bool, len(types.offsets))
	for i := range all {
		all[i] = true
	}
	kinds := func(v Vintage) map[Kind]bool {
		blob, err := types.ForKernel(f, all, v, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		file := *f
		file.Sections = append(file.Sections[:0:0], f.Sections...)
		file.Named(Section).Data = blob
		written, err := Parse(&file)
		if err != nil {
			t.Fatalf("vintage %d: %v", v, err)
		}
		found := make(map[Kind]bool)
		for id := range written.offsets {
			r, err := written.Type(btf.TypeID(id))
			if err != nil {
				t.Fatal(err)
			}
			found[r.Kind] = true
		}
		return found
	}
	for _, c := range []struct {
		kind Kind
		gone Vintage
	}{
		{KindEnum64, Before6_0}, {KindTypeTag, Before5_17}, {KindDeclTag, Before5_16},
		{KindFloat, Before5_13},
	} {
		if !kinds(c.gone - 1)[c.kind] {
			t.Errorf("%v is gone before vintage %d", c.kind, c.gone)
		}
		if kinds(c.gone)[c.kind] {
			t.Errorf("%v is there in vintage %d", c.kind, c.gone)
		}
	}
}
