// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// An array and a hash of maps as iproute2 defines them, each with the map of id 1 in slot 2.
#include "mapinmap.h"

struct bpf_elf_map SEC("maps") inner_zero = {
	.type = BPF_MAP_TYPE_HASH,
	.size_key = sizeof(__u32),
	.size_value = sizeof(__u64),
	.max_elem = 4,
	.id = 1,
	.inner_idx = 2,
};

struct bpf_elf_map SEC("maps") outer = {
	.type = BPF_MAP_TYPE_ARRAY_OF_MAPS,
	.size_key = sizeof(__u32),
	.size_value = sizeof(__u32),
	.max_elem = 4,
	.id = 2,
	.inner_id = 1,
};

struct bpf_elf_map SEC("maps") other = {
	.type = BPF_MAP_TYPE_HASH_OF_MAPS,
	.size_key = sizeof(__u32),
	.size_value = sizeof(__u32),
	.max_elem = 4,
	.id = 3,
	.inner_id = 1,
};

SEC("xdp")
int store(struct xdp_md *ctx)
{
	STORE_IN_SLOT(outer, 2, 102);
	STORE_IN_SLOT(other, 2, 202);
	return XDP_PASS;
}
