// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A map whose value is an integer, where a pointer to a type is meant.
#include "bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__type(key, __u32);
	__u64 value;
} m SEC(".maps");

SEC("xdp")
int refer(struct xdp_md *ctx)
{
	asm volatile("" : : "r"(&m));
	return XDP_PASS;
}
