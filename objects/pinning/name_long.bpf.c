// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Two maps that are pinned by names which differ only where the kernel does not look.
#include "pinned.h"

PINNED_MAP(the_same_prefix_left, BPF_MAP_TYPE_ARRAY, __u32, __u64, 1, 0);
PINNED_MAP(the_same_prefix_right, BPF_MAP_TYPE_ARRAY, __u32, __u64, 1, 0);

SEC("xdp")
int store_both(void *ctx)
{
	__u32 zero = 0;
	__u64 one = 1, two = 2;

	bpf_map_update_elem(&the_same_prefix_left, &zero, &one, BPF_ANY);
	bpf_map_update_elem(&the_same_prefix_right, &zero, &two, BPF_ANY);
	return XDP_PASS;
}
