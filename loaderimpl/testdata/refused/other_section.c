// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A map in a section that nobody reads.
#include "../bpf.h"

struct bpf_map_def SEC("my_maps") m = { MAP_ARRAY, 4, 8, 1 };

SEC("xdp") int use(void *ctx)
{
	__u32 key = 0;
	return map_lookup_elem(&m, &key) ? XDP_DROP : XDP_PASS;
}
