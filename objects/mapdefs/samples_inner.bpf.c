// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A map of maps whose elements look like the second map before it, by its index: the program could
// not be verified if they looked like the first, whose values are shorter.
#include "bpf.h"

struct bpf_load_map_def SEC("maps") first = {
	.type = BPF_MAP_TYPE_HASH,
	.key_size = sizeof(__u32),
	.value_size = sizeof(__u64),
	.max_entries = 4,
};

struct bpf_load_map_def SEC("maps") inner = {
	.type = BPF_MAP_TYPE_HASH,
	.key_size = sizeof(__u32),
	.value_size = 2 * sizeof(__u64),
	.max_entries = 4,
};

struct bpf_load_map_def SEC("maps") outer = {
	.type = BPF_MAP_TYPE_ARRAY_OF_MAPS,
	.key_size = sizeof(__u32),
	.value_size = sizeof(__u32),
	.max_entries = 4,
	.inner_map_idx = 1,
};

SEC("xdp")
int look(struct xdp_md *ctx)
{
	__u32 key = 0;
	__u64 *value;
	void *map;

	map = bpf_map_lookup_elem(&outer, &key);
	if (!map)
		return XDP_PASS;
	value = bpf_map_lookup_elem(map, &key);
	if (value)
		value[1] = 1;
	return XDP_PASS;
}
