// SPDX-License-Identifier: Apache-2.0

package run

import (
	"cmp"
	"slices"
	"time"
)

// Shards cuts specs, named by their ids, into n lists that take about as long, the longest specs
// first. A spec of which no duration is known takes as long as one of the others in the mean. Each
// list keeps the order of ids; there are fewer lists where there are fewer ids. The same arguments
// give the same lists.
func Shards(ids []string, took map[string]time.Duration, n int) [][]string {
	n = min(n, len(ids))
	var sum time.Duration
	for _, d := range took {
		sum += d
	}
	mean := time.Second
	if len(took) > 0 {
		mean = max(1, sum/time.Duration(len(took)))
	}
	of := func(id string) time.Duration {
		if d, known := took[id]; known {
			return d
		}
		return mean
	}
	longest := slices.SortedStableFunc(slices.Values(ids), func(a, b string) int { return cmp.Compare(of(b), of(a)) })
	shard, full := make(map[string]int), make([]time.Duration, n)
	held := make([]int, n)
	for _, id := range longest {
		least := 0
		for i := range full {
			if cmp.Or(cmp.Compare(full[i], full[least]), cmp.Compare(held[i], held[least])) < 0 {
				least = i
			}
		}
		shard[id] = least
		full[least] += of(id)
		held[least]++
	}
	lists := make([][]string, n)
	for _, id := range ids {
		lists[shard[id]] = append(lists[shard[id]], id)
	}
	return lists
}
