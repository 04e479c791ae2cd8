// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Map definitions of the kernel's samples: on a NUMA node, with a node that does not count, and a map of maps.
#include "bpf.h"

struct bpf_load_map_def SEC("maps") plain = {
	.type = MAP_ARRAY,
	.key_size = 4,
	.value_size = 8,
	.max_entries = 2,
	.numa_node = 1, // without F_NUMA_NODE
};

struct bpf_load_map_def SEC("maps") on_node_zero = {
	.type = MAP_HASH,
	.key_size = 4,
	.value_size = 4,
	.max_entries = 3,
	.map_flags = F_NUMA_NODE | F_NO_PREALLOC,
};

struct bpf_load_map_def SEC("maps") like_the_second = {
	.type = MAP_ARRAY_OF_MAPS,
	.key_size = 4,
	.value_size = 4,
	.max_entries = 8,
	.inner_map_idx = 1,
};

SEC("xdp") int use(void *ctx)
{
	__u32 key = 1;
	__u64 *n = map_lookup_elem(&plain, &key);
	return n ? XDP_PASS : XDP_DROP;
}
