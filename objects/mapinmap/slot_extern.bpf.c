// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// An array of maps, with a map in a slot that is defined nowhere.
#include "mapinmap.h"

extern struct inner_map nowhere EXTERN_SEC(".maps");

OUTER(BPF_MAP_TYPE_ARRAY_OF_MAPS, 2, struct inner_map) outer SEC(".maps") = {
	.values = { [0] = (void *)&nowhere },
};

STORE_IN_EVERY_SLOT(outer)
