// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Two maps with room between them, of which the program uses the second, beside a BTF map.
//
// variants:
//   vendor_several: FIRST=VENDOR_DEFINE
//       // Two maps with room between them, of which the program uses the second, beside a BTF map.
//   vendor_several_hand_back: FIRST=VENDOR_HAND_BACK
//       // Two maps, of which the callback does not know the one that no program uses.
#include "vendor.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 3);
	__type(key, __u32);
	__type(value, __u64);
} plain SEC(".maps");

struct vendor_map SEC("vendor_maps") __attribute__((aligned(64))) first = {
	.magic = VENDOR_MAGIC,
	.action = FIRST,
	.type = BPF_MAP_TYPE_ARRAY,
	.key_size = sizeof(__u32),
	.value_size = sizeof(__u64),
	.max_entries = 5,
};

struct vendor_map SEC("vendor_maps") __attribute__((aligned(64))) second = {
	.magic = VENDOR_MAGIC,
	.action = VENDOR_DEFINE,
	.type = BPF_MAP_TYPE_ARRAY,
	.key_size = sizeof(__u32),
	.value_size = sizeof(__u64),
	.max_entries = 6,
};

SEC("xdp")
int write_second(struct xdp_md *ctx)
{
	__u32 five = 5;
	__u64 value = 555;

	bpf_map_update_elem(&second, &five, &value, BPF_ANY);
	return XDP_PASS;
}
