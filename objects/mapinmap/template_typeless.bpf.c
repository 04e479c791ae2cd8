// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// An array of maps whose template has no type.
#include "mapinmap.h"

struct template {
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
};

OUTER(BPF_MAP_TYPE_ARRAY_OF_MAPS, 2, struct template) outer SEC(".maps");

LOOK_IN_SLOT(outer)
