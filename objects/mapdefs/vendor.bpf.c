// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A map that only a callback understands. Each bad definition is the plain one with one thing
// wrong.
//
// variants:
//   vendor_plain: MAGIC=VENDOR_MAGIC ACTION=VENDOR_DEFINE
//       // A map that only a callback understands.
//   vendor_magic: MAGIC=1 // A definition that is not the callback's.
//   vendor_supply: ACTION=VENDOR_SUPPLY // A map that the callback makes itself.
//   vendor_pin: ACTION=VENDOR_PIN // A map that the callback has pinned.
//   vendor_reuse: ACTION=VENDOR_REUSE // A map that the callback takes from where it is pinned.
//   vendor_hand_back: ACTION=VENDOR_HAND_BACK
//       // A definition that the callback does not know either.
#include "vendor.h"

struct vendor_map SEC("vendor_maps") m = {
	.magic = MAGIC,
	.action = ACTION,
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
