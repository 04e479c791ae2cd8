// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A legacy hash with the flag for a NUMA node. The definition has no field for the node, and the
// kernel takes node 0.
#include "numa.h"

struct bpf_map_def SEC("maps") m = {
	.type = BPF_MAP_TYPE_HASH,
	.key_size = sizeof(__u32),
	.value_size = sizeof(__u64),
	.max_entries = 4,
	.map_flags = BPF_F_NUMA_NODE,
};

SEC("xdp")
int store(struct xdp_md *ctx)
{
	__u32 key = 7;
	__u64 value = 77;

	bpf_map_update_elem(&m, &key, &value, BPF_ANY);
	return XDP_PASS;
}
