// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A map whose name is as long as the kernel takes.
#include "bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
} exactly_fifteen SEC(".maps");

SEC("xdp")
int refer(struct xdp_md *ctx)
{
	asm volatile("" : : "r"(&exactly_fifteen));
	return XDP_PASS;
}
