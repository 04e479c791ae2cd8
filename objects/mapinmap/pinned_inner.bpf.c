// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// An array of maps that is not pinned, with a map in it that is.
#include "mapinmap.h"

struct pinned_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} inner_zero SEC(".maps");

OUTER(BPF_MAP_TYPE_ARRAY_OF_MAPS, 2, struct inner_map) outer SEC(".maps") = {
	.values = { [0] = (void *)&inner_zero },
};

STORE_IN_EVERY_SLOT(outer)
