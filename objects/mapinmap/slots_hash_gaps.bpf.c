// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A hash of at most four maps, with a map under keys 1 and 3.
#include "mapinmap.h"

struct inner_map inner_one SEC(".maps");
struct inner_map inner_three SEC(".maps");

OUTER(BPF_MAP_TYPE_HASH_OF_MAPS, 4, struct inner_map) outer SEC(".maps") = {
	.values = { [1] = (void *)&inner_one, [3] = (void *)&inner_three },
};

STORE_IN_EVERY_SLOT(outer)
