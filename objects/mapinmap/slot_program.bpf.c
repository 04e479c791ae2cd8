// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// An array of maps, with a program in a slot.
#include "mapinmap.h"

int store(struct xdp_md *ctx);

OUTER(BPF_MAP_TYPE_ARRAY_OF_MAPS, 2, struct inner_map) outer SEC(".maps") = {
	.values = { [0] = (void *)&store },
};

STORE_IN_EVERY_SLOT(outer)
