// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Two arrays of maps, each of which is the template of the other.
#include "mapinmap.h"

struct other_map;

struct outer_map {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 2);
	__type(key, __u32);
	__array(values, struct other_map);
} outer SEC(".maps");

struct other_map {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 2);
	__type(key, __u32);
	__array(values, struct outer_map);
} other SEC(".maps");

LOOK_IN_SLOT(outer)
