// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A map whose number of entries points to an integer, where a pointer to an array is meant.
#include "bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, __u32);
	__type(value, __u64);
	int *max_entries;
} m SEC(".maps");

SEC("xdp")
int refer(struct xdp_md *ctx)
{
	asm volatile("" : : "r"(&m));
	return XDP_PASS;
}
