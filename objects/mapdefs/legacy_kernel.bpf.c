// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Two legacy definitions, of which the kernel takes the first.
//
// variants:
//   legacy_kernel_good: ENTRIES=4 // Two legacy maps that the kernel takes.
//   legacy_kernel_no_entries: ENTRIES=0 // A good legacy map, then a hash of no entries.
#include "bpf.h"

struct bpf_map_def SEC("maps") good = {
	.type = BPF_MAP_TYPE_HASH,
	.key_size = sizeof(__u32),
	.value_size = sizeof(__u64),
	.max_entries = 4,
};

struct bpf_map_def SEC("maps") bad = {
	.type = BPF_MAP_TYPE_HASH,
	.key_size = sizeof(__u32),
	.value_size = sizeof(__u64),
	.max_entries = ENTRIES,
};

SEC("xdp")
int refer(struct xdp_md *ctx)
{
	asm volatile("" : : "r"(&good));
	asm volatile("" : : "r"(&bad));
	return XDP_PASS;
}
