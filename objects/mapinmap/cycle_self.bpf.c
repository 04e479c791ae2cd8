// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// An array of maps that is its own template.
#include "mapinmap.h"

struct outer_map {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 2);
	__type(key, __u32);
	__array(values, struct outer_map);
} outer SEC(".maps");

LOOK_IN_SLOT(outer)
