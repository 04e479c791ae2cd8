// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A hash, which holds no maps, with a template for them.
#include "mapinmap.h"

OUTER(BPF_MAP_TYPE_HASH, 2, struct inner_map) outer SEC(".maps");

SEC("xdp")
int store(struct xdp_md *ctx)
{
	__u32 key = 7, value = 77;

	bpf_map_update_elem(&outer, &key, &value, BPF_ANY);
	return XDP_PASS;
}
