// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Three maps, of which the second is pinned by name. The program stores in all of them.
#include "pinned.h"

UNPINNED_MAP(loose, BPF_MAP_TYPE_ARRAY, __u32, __u64, 1, 0);
PINNED_MAP(kept, BPF_MAP_TYPE_ARRAY, __u32, __u64, 1, 0);
UNPINNED_MAP(spare, BPF_MAP_TYPE_HASH, __u32, __u64, 1, 0);

SEC("xdp")
int store_all(void *ctx)
{
	__u32 zero = 0;
	__u64 one = 1, two = 2, three = 3;

	bpf_map_update_elem(&loose, &zero, &one, BPF_ANY);
	bpf_map_update_elem(&kept, &zero, &two, BPF_ANY);
	bpf_map_update_elem(&spare, &zero, &three, BPF_ANY);
	return XDP_PASS;
}
