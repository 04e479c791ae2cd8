// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// An array of maps whose values are not the last field, where they have no end.
#include "mapinmap.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	struct inner_map *values[0];
	__uint(max_entries, 2);
	__type(key, __u32);
} outer SEC(".maps");

LOOK_IN_SLOT(outer)
