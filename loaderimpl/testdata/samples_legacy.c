// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A map definition of the kernel's samples by the name that its struct had in programs.
#include "bpf.h"

struct bpf_map_def_legacy {
	__u32 type, key_size, value_size, max_entries, map_flags, inner_map_idx, numa_node;
};

struct bpf_map_def_legacy SEC("maps") m = {
	.type = MAP_HASH,
	.key_size = 4,
	.value_size = 4,
	.max_entries = 3,
	.numa_node = 1, // without F_NUMA_NODE, so it does not count
};

SEC("xdp") int use(void *ctx)
{
	__u32 key = 0;
	return map_lookup_elem(&m, &key) ? XDP_DROP : XDP_PASS;
}
