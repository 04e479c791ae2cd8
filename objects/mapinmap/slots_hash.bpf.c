// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A hash of two maps, with a map under keys 0 and 1.
#include "mapinmap.h"

struct inner_map inner_zero SEC(".maps");
struct inner_map inner_one SEC(".maps");

OUTER(BPF_MAP_TYPE_HASH_OF_MAPS, 2, struct inner_map) outer SEC(".maps") = {
	.values = { [0] = (void *)&inner_zero, [1] = (void *)&inner_one },
};

STORE_IN_EVERY_SLOT(outer)
