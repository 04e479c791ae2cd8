// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// An array and a hash of maps that share a map.
#include "mapinmap.h"

struct inner_map inner_zero SEC(".maps");

OUTER(BPF_MAP_TYPE_ARRAY_OF_MAPS, 1, struct inner_map) outer SEC(".maps") = {
	.values = { [0] = (void *)&inner_zero },
};

OUTER(BPF_MAP_TYPE_HASH_OF_MAPS, 2, struct inner_map) other SEC(".maps") = {
	.values = { [1] = (void *)&inner_zero },
};

SEC("xdp")
int store(struct xdp_md *ctx)
{
	STORE_IN_SLOT(outer, 0, 100);
	STORE_IN_SLOT(other, 1, 201);
	return XDP_PASS;
}
