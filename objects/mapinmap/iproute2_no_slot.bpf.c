// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// An array of maps as iproute2 defines it, and the map that it is like, which is in no slot.
#include "mapinmap.h"

struct bpf_elf_map SEC("maps") inner_zero = {
	.type = BPF_MAP_TYPE_HASH,
	.size_key = sizeof(__u32),
	.size_value = sizeof(__u64),
	.max_elem = 4,
	.id = 1,
	.inner_idx = -1,
};

struct bpf_elf_map SEC("maps") outer = {
	.type = BPF_MAP_TYPE_ARRAY_OF_MAPS,
	.size_key = sizeof(__u32),
	.size_value = sizeof(__u32),
	.max_elem = 4,
	.id = 2,
	.inner_id = 1,
};

STORE_IN_EVERY_SLOT(outer)
