// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A Bloom filter with 3 hash functions.
#include "bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_BLOOM_FILTER);
	__uint(max_entries, 16);
	__type(value, __u64);
	__uint(map_extra, 3);
} m SEC(".maps");

SEC("xdp")
int refer(struct xdp_md *ctx)
{
	asm volatile("" : : "r"(&m));
	return XDP_PASS;
}
