// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// An array of maps, in which is another array of maps.
#include "mapinmap.h"

OUTER(BPF_MAP_TYPE_ARRAY_OF_MAPS, 2, struct inner_map) other SEC(".maps");

OUTER(BPF_MAP_TYPE_ARRAY_OF_MAPS, 2, struct inner_map) outer SEC(".maps") = {
	.values = { [0] = (void *)&other },
};

STORE_IN_EVERY_SLOT(outer)
