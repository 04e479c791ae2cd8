// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Two maps that the kernel takes. The objects that it refuses are this one with one thing wrong in the second.
#include "bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
} good SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
} bad SEC(".maps");

SEC("xdp")
int refer(struct xdp_md *ctx)
{
	asm volatile("" : : "r"(&good));
	asm volatile("" : : "r"(&bad));
	return XDP_PASS;
}
