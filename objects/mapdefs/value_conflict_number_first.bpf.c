// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A map with a value of 4 bytes by number, then of 8 by type.
#include "bpf.h"

struct {
	__uint(value_size, 4);
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
} m SEC(".maps");

SEC("xdp")
int refer(struct xdp_md *ctx)
{
	asm volatile("" : : "r"(&m));
	return XDP_PASS;
}
