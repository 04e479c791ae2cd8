// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A map that the callback takes from where it is pinned.
#include "vendor.h"

struct vendor_map SEC("vendor_maps") m = {
	.magic = VENDOR_MAGIC,
	.action = VENDOR_REUSE,
	.type = BPF_MAP_TYPE_HASH,
	.key_size = sizeof(__u32),
	.value_size = sizeof(__u64),
	.max_entries = 4,
};

SEC("xdp")
int store(struct xdp_md *ctx)
{
	__u32 key = 7;
	__u64 value = 77;

	bpf_map_update_elem(&m, &key, &value, BPF_ANY);
	return XDP_PASS;
}
