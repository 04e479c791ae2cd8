// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Three maps, and a program that stores in all of them.
//
// variants:
//   three: THIRD=PINNED_MAP(third, BPF_MAP_TYPE_ARRAY, __u32, __u64, 1, 0);
//       // Three maps that are all pinned by name, and a program that stores in all of them.
//   three_bad: THIRD=UNPINNED_MAP(third, BPF_MAP_TYPE_HASH, __u32, __u64, 0, 0);
//       // Three maps, of which two are pinned by name. The kernel refuses the last, a hash of no
//       entries.
#include "pinned.h"

PINNED_MAP(first, BPF_MAP_TYPE_ARRAY, __u32, __u64, 1, 0);
PINNED_MAP(middle, BPF_MAP_TYPE_ARRAY, __u32, __u64, 1, 0);
THIRD

SEC("xdp")
int store_all(void *ctx)
{
	__u32 zero = 0;
	__u64 one = 1, two = 2, three = 3;

	bpf_map_update_elem(&first, &zero, &one, BPF_ANY);
	bpf_map_update_elem(&middle, &zero, &two, BPF_ANY);
	bpf_map_update_elem(&third, &zero, &three, BPF_ANY);
	return XDP_PASS;
}
