// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// An array of two maps, with a map in each slot.
#include "mapinmap.h"

struct inner_map inner_zero SEC(".maps");
struct inner_map inner_one SEC(".maps");

OUTER(BPF_MAP_TYPE_ARRAY_OF_MAPS, 2, struct inner_map) outer SEC(".maps") = {
	.values = { [0] = (void *)&inner_zero, [1] = (void *)&inner_one },
};

STORE_IN_EVERY_SLOT(outer)
