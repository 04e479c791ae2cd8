// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Two programs that a handler knows, and one that the loader knows.
#include "vendor.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u32);
} vendor_calls SEC(".maps");

SEC("vendor/one")
int first(struct xdp_md *ctx)
{
	asm volatile("" : : "r"(&vendor_calls));
	return 61;
}

SEC("vendor/two")
int second(struct xdp_md *ctx)
{
	asm volatile("" : : "r"(&vendor_calls));
	return 62;
}

SEC("xdp")
int known(struct xdp_md *ctx)
{
	asm volatile("" : : "r"(&vendor_calls));
	return XDP_PASS;
}
