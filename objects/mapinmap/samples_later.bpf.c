// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// An array of maps as the kernel's samples define it, whose maps should look like a map that comes
// later.
#include "mapinmap.h"

struct bpf_load_map_def SEC("maps") outer = {
	.type = BPF_MAP_TYPE_ARRAY_OF_MAPS,
	.key_size = sizeof(__u32),
	.value_size = sizeof(__u32),
	.max_entries = 4,
	.inner_map_idx = 1,
};

struct bpf_load_map_def SEC("maps") one = {
	.type = BPF_MAP_TYPE_HASH,
	.key_size = sizeof(__u32),
	.value_size = sizeof(__u64),
	.max_entries = 4,
};

STORE_IN_EVERY_SLOT(outer)
