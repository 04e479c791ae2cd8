// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A hash as iproute2 defines it, with the flag for a NUMA node. The definition has no field for the
// node, and the kernel takes node 0.
#include "numa.h"

struct bpf_elf_map SEC("maps") m = {
	.type = BPF_MAP_TYPE_HASH,
	.size_key = sizeof(__u32),
	.size_value = sizeof(__u64),
	.max_elem = 4,
	.flags = BPF_F_NUMA_NODE,
	.id = 1,
};

SEC("xdp")
int store(struct xdp_md *ctx)
{
	__u32 key = 7;
	__u64 value = 77;

	bpf_map_update_elem(&m, &key, &value, BPF_ANY);
	return XDP_PASS;
}
