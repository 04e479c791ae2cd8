// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// An array of four maps, of which slots 1 and 3 are filled.
#include "mapinmap.h"

struct inner_map inner_one SEC(".maps");
struct inner_map inner_three SEC(".maps");

OUTER(BPF_MAP_TYPE_ARRAY_OF_MAPS, 4, struct inner_map) outer SEC(".maps") = {
	.values = { [1] = (void *)&inner_one, [3] = (void *)&inner_three },
};

STORE_IN_EVERY_SLOT(outer)
