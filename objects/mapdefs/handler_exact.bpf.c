// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A program in a section that a handler of just this section knows.
#include "vendor.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u32);
} vendor_calls SEC(".maps");

SEC("vendor")
int handled(struct xdp_md *ctx)
{
	asm volatile("" : : "r"(&vendor_calls));
	return 62;
}
