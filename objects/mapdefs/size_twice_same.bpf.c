// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A map whose sizes are given by type and by number, and agree.
#include "bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
	__uint(key_size, 4);
	__uint(value_size, 8);
} m SEC(".maps");

SEC("xdp")
int refer(struct xdp_md *ctx)
{
	asm volatile("" : : "r"(&m));
	return XDP_PASS;
}
