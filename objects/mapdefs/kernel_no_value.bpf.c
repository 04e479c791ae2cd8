// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A good map, then an array without values.
#include "bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
} good SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
} bad SEC(".maps");

SEC("xdp")
int refer(struct xdp_md *ctx)
{
	asm volatile("" : : "r"(&good));
	asm volatile("" : : "r"(&bad));
	return XDP_PASS;
}
