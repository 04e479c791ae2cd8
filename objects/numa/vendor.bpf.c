// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A definition on node 1 that only a handler of the driver knows.
//
// variants:
//   vendor_define: ACTION=VENDOR_DEFINE
//       // A definition that only a handler of the driver knows: a hash on node 1.
//   vendor_supply: ACTION=VENDOR_SUPPLY
//       // A definition by which a handler of the driver makes a hash on node 1 itself.
#include "numa.h"
#include "vendor.h"

struct vendor_map SEC("vendor_maps") m = {
	.magic = VENDOR_MAGIC,
	.action = ACTION,
	.type = BPF_MAP_TYPE_HASH,
	.key_size = sizeof(__u32),
	.value_size = sizeof(__u64),
	.max_entries = 4,
	.map_flags = BPF_F_NUMA_NODE,
	.numa_node = 1,
};

SEC("xdp")
int store(struct xdp_md *ctx)
{
	__u32 key = 7;
	__u64 value = 77;

	bpf_map_update_elem(&m, &key, &value, BPF_ANY);
	return XDP_PASS;
}
