// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A map that only a callback understands, and that no program refers to: user space uses it.
#include "vendor.h"

struct vendor_map SEC("vendor_maps") m = {
	.magic = VENDOR_MAGIC,
	.action = VENDOR_DEFINE,
	.type = BPF_MAP_TYPE_HASH,
	.key_size = sizeof(__u32),
	.value_size = sizeof(__u64),
	.max_entries = 4,
};

SEC("xdp")
int pass(struct xdp_md *ctx)
{
	return XDP_PASS;
}
