// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// An array of hashes, with an LRU hash.
#include "mapinmap.h"

struct template {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
} inner_zero SEC(".maps");

OUTER(BPF_MAP_TYPE_ARRAY_OF_MAPS, 2, struct template) outer SEC(".maps") = {
	.values = { [0] = (void *)&inner_zero },
};

STORE_IN_EVERY_SLOT(outer)
