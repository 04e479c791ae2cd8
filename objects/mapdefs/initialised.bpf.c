// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A map definition with a value where only types count: 8 entries were meant, and 4 are defined.
#include "bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
} m SEC(".maps") = {.max_entries = (void *)8};

SEC("xdp")
int refer(struct xdp_md *ctx)
{
	asm volatile("" : : "r"(&m));
	return XDP_PASS;
}
