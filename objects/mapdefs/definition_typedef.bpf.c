// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A map whose definition is a typedef.
#include "bpf.h"

typedef struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
} plain_hash;

plain_hash m SEC(".maps");

SEC("xdp")
int refer(struct xdp_md *ctx)
{
	asm volatile("" : : "r"(&m));
	return XDP_PASS;
}
