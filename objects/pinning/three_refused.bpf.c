// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Three maps that are all pinned by name, and a program that the verifier refuses: it reads beyond
// a value.
#include "pinned.h"

PINNED_MAP(first, BPF_MAP_TYPE_ARRAY, __u32, __u64, 1, 0);
PINNED_MAP(middle, BPF_MAP_TYPE_ARRAY, __u32, __u64, 1, 0);
PINNED_MAP(third, BPF_MAP_TYPE_ARRAY, __u32, __u64, 1, 0);

SEC("xdp")
int store_all(void *ctx)
{
	__u32 zero = 0;
	__u64 one = 1, *n;

	bpf_map_update_elem(&first, &zero, &one, BPF_ANY);
	bpf_map_update_elem(&middle, &zero, &one, BPF_ANY);
	n = bpf_map_lookup_elem(&third, &zero);
	return n ? n[1] : 0;
}
