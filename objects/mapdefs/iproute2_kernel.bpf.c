// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Two definitions of iproute2's, of which the kernel takes the first.
//
// variants:
//   iproute2_kernel_good: ENTRIES=4 // Two maps that the kernel takes.
//   iproute2_kernel_no_entries: ENTRIES=0
//       // A good map, and one of no entries that the kernel refuses.
#include "bpf.h"

struct bpf_elf_map SEC("maps") good = {
	.type = BPF_MAP_TYPE_HASH,
	.size_key = sizeof(__u32),
	.size_value = sizeof(__u64),
	.max_elem = 4,
	.id = 1,
};

struct bpf_elf_map SEC("maps") bad = {
	.type = BPF_MAP_TYPE_HASH,
	.size_key = sizeof(__u32),
	.size_value = sizeof(__u64),
	.max_elem = ENTRIES,
	.id = 2,
};

SEC("xdp")
int store(struct xdp_md *ctx)
{
	__u32 key = 7;
	__u64 value = 77;

	bpf_map_update_elem(&good, &key, &value, BPF_ANY);
	bpf_map_update_elem(&bad, &key, &value, BPF_ANY);
	return XDP_PASS;
}
