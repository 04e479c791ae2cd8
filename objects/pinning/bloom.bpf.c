// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A Bloom filter that is pinned by name.
//
// variants:
//   bloom: FUNCTIONS=3 // A Bloom filter with 3 hash functions that is pinned by name.
//   bloom_extra: FUNCTIONS=4 // The Bloom filter with 4 hash functions.
#include "pinned.h"

struct {
	__uint(type, BPF_MAP_TYPE_BLOOM_FILTER);
	__uint(max_entries, 100);
	__uint(map_extra, FUNCTIONS);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	__type(value, __u64);
} m SEC(".maps");

SEC("xdp")
int store(void *ctx)
{
	__u64 value = 99;

	bpf_map_push_elem(&m, &value, BPF_ANY);
	return XDP_PASS;
}
