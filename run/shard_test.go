// SPDX-License-Identifier: Apache-2.0

package run

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestShards(t *testing.T) {
	ids := []string{"a", "b", "c", "d", "e", "f"}
	took := map[string]time.Duration{"a": 1, "b": 1, "c": 1, "d": 1, "e": 4, "f": 4}
	if diff := cmp.Diff([][]string{{"a", "c", "e"}, {"b", "d", "f"}}, Shards(ids, took, 2)); diff != "" {
		t.Error(diff)
	}
	for n := 1; n < 9; n++ {
		lists := Shards(ids, nil, n)
		if len(lists) != min(n, len(ids)) {
			t.Errorf("%d shards of %d", len(lists), n)
		}
		all := slices.Concat(lists...)
		slices.Sort(all)
		if diff := cmp.Diff([]string{"a", "b", "c", "d", "e", "f"}, all); diff != "" {
			t.Errorf("%d shards: %s", n, diff)
		}
		for _, list := range lists {
			if len(list) < len(ids)/len(lists) {
				t.Errorf("%d shards are not alike: %q", n, lists)
			}
		}
	}
}
