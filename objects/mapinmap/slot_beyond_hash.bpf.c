// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A hash of at most two maps, with three in it.
#include "mapinmap.h"

struct inner_map inner_zero SEC(".maps");

OUTER(BPF_MAP_TYPE_HASH_OF_MAPS, 2, struct inner_map) outer SEC(".maps") = {
	.values = { [0] = (void *)&inner_zero, [1] = (void *)&inner_zero, [2] = (void *)&inner_zero },
};

STORE_IN_EVERY_SLOT(outer)
