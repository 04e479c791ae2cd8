// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// An array of maps as iproute2 defines it, whose maps look like the array itself.
#include "mapinmap.h"

struct bpf_elf_map SEC("maps") outer = {
	.type = BPF_MAP_TYPE_ARRAY_OF_MAPS,
	.size_key = sizeof(__u32),
	.size_value = sizeof(__u32),
	.max_elem = 4,
	.id = 2,
	.inner_id = 2,
};

STORE_IN_EVERY_SLOT(outer)
