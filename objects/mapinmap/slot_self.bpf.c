// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// An array of maps that holds itself.
#include "mapinmap.h"

struct outer_map {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 2);
	__type(key, __u32);
	__array(values, struct inner_map);
};

extern struct outer_map outer;

struct outer_map outer SEC(".maps") = {
	.values = { [0] = (void *)&outer },
};

STORE_IN_EVERY_SLOT(outer)
