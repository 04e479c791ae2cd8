// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"math"
	"testing"
)

func TestNumbersInLists(t *testing.T) {
	for list, want := range map[string][]uint32{
		"": {}, "0": {0}, "0-1": {0, 1}, "0,2": {0, 2}, "1-2,4,6-7": {1, 2, 4, 6, 7}, "4294967295": {math.MaxUint32},
	} {
		for _, n := range []uint32{0, 1, 2, 3, 4, 5, 6, 7, 8, math.MaxUint32} {
			in := false
			for _, w := range want {
				in = in || w == n
			}
			if got, err := inList(list, n); err != nil || got != in {
				t.Errorf("%d in %q: %v, %v", n, list, got, err)
			}
		}
	}
	for _, list := range []string{",", "a", "0-", "-1", "2-1", "0 1", "4294967296", "0,"} {
		if _, err := inList(list, 0); err == nil {
			t.Errorf("%q was taken", list)
		}
	}
}

func FuzzNodeList(f *testing.F) {
	f.Add("0-3,8", uint32(2))
	f.Fuzz(func(t *testing.T, list string, n uint32) {
		if in, err := inList(list, n); err != nil && in {
			t.Fatalf("%q: %v and %v", list, in, err)
		}
	})
}
