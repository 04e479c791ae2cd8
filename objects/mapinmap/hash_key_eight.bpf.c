// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A hash of maps with keys of 8 bytes, and a map in a slot, which is numbered by 4.
#include "mapinmap.h"

struct inner_map inner_zero SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH_OF_MAPS);
	__uint(max_entries, 2);
	__type(key, __u64);
	__array(values, struct inner_map);
} outer SEC(".maps") = {
	.values = { [1] = (void *)&inner_zero },
};

SEC("xdp")
int look(struct xdp_md *ctx)
{
	__u64 slot = 1;
	return bpf_map_lookup_elem(&outer, &slot) ? XDP_PASS : 1;
}
