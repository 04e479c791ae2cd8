// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A legacy map with a name of 40 letters.
#include "bpf.h"

struct bpf_map_def SEC("maps") a_name_that_no_kernel_will_hold_in_full_x = {
	.type = BPF_MAP_TYPE_HASH,
	.key_size = sizeof(__u32),
	.value_size = sizeof(__u64),
	.max_entries = 4,
};

SEC("xdp")
int refer(struct xdp_md *ctx)
{
	asm volatile("" : : "r"(&a_name_that_no_kernel_will_hold_in_full_x));
	return XDP_PASS;
}
