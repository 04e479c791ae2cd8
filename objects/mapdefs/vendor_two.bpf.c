// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A map that the callback makes, and one that the loader makes.
//
// variants:
//   vendor_two: ENTRIES=4 // A map that the callback makes, and one that the loader makes.
//   vendor_two_no_entries: ENTRIES=0
//       // A map that the callback makes, and one of no entries that the kernel refuses to the
//       loader.
#include "vendor.h"

struct vendor_map SEC("vendor_maps") given = {
	.magic = VENDOR_MAGIC,
	.action = VENDOR_SUPPLY,
	.type = BPF_MAP_TYPE_HASH,
	.key_size = sizeof(__u32),
	.value_size = sizeof(__u64),
	.max_entries = 4,
};

struct vendor_map SEC("vendor_maps") made = {
	.magic = VENDOR_MAGIC,
	.action = VENDOR_DEFINE,
	.type = BPF_MAP_TYPE_HASH,
	.key_size = sizeof(__u32),
	.value_size = sizeof(__u64),
	.max_entries = ENTRIES,
};

SEC("xdp")
int store(struct xdp_md *ctx)
{
	__u32 key = 7;
	__u64 value = 77;

	bpf_map_update_elem(&given, &key, &value, BPF_ANY);
	bpf_map_update_elem(&made, &key, &value, BPF_ANY);
	return XDP_PASS;
}
