// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A map with a name of 40 letters.
#include "bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
} a_name_that_no_kernel_will_hold_in_full_x SEC(".maps");

SEC("xdp")
int refer(struct xdp_md *ctx)
{
	asm volatile("" : : "r"(&a_name_that_no_kernel_will_hold_in_full_x));
	return XDP_PASS;
}
