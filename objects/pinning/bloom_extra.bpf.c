// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The Bloom filter with 4 hash functions.
#include "pinned.h"

struct {
	__uint(type, BPF_MAP_TYPE_BLOOM_FILTER);
	__uint(max_entries, 100);
	__uint(map_extra, 4);
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
