// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A map whose key type is const, and whose value type is volatile.
#include "bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__type(key, const __u32);
	__type(value, volatile __u64);
} m SEC(".maps");

SEC("xdp")
int refer(struct xdp_md *ctx)
{
	asm volatile("" : : "r"(&m));
	return XDP_PASS;
}
