// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Maps of maps that another object makes and pins: this one knows of no maps to go in them.
#include "bpf.h"

struct bpf_elf_map SEC("maps") of_id = {
	.type = MAP_ARRAY_OF_MAPS,
	.size_key = 4,
	.size_value = 4,
	.max_elem = 2,
	.pinning = PIN_GLOBAL_NS,
	.inner_id = 7,
};

struct bpf_elf_map SEC("maps") of_none = {
	.type = MAP_ARRAY_OF_MAPS,
	.size_key = 4,
	.size_value = 4,
	.max_elem = 2,
	.pinning = PIN_GLOBAL_NS,
};

SEC("classifier") int use(void *ctx)
{
	__u32 key = 0;
	return map_lookup_elem(&of_id, &key) || map_lookup_elem(&of_none, &key);
}
