// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// An array of maps that does not say what the maps in it look like.
#include "mapinmap.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u32);
} outer SEC(".maps");

STORE_IN_EVERY_SLOT(outer)
