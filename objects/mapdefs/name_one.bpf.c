// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A map with a name of one letter.
#include "bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
} x SEC(".maps");

SEC("xdp")
int refer(struct xdp_md *ctx)
{
	asm volatile("" : : "r"(&x));
	return XDP_PASS;
}
