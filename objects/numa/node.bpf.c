// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A hash that names a NUMA node, has the flag for one, both or neither.
//
// variants:
//   node_zero: FLAG=__uint(map_flags, BPF_F_NUMA_NODE); NODE=__uint(numa_node, 0);
//       // A hash on node 0.
//   node_one: NODE=__uint(numa_node, 1); // A hash on node 1.
//   node_two: NODE=__uint(numa_node, 2); // A hash on node 2, which a machine of two nodes lacks.
//   node_63: NODE=__uint(numa_node, 63); // A hash on node 63, which few machines have.
//   node_huge: NODE=__uint(numa_node, 1048576);
//       // A hash on node 1048576, beyond what any kernel can number.
//   any_node: NODE=__uint(numa_node, 0xffffffffU);
//       // A hash with the flag and the node -1, the kernel's word for any node.
//   flag_alone: NODE=
//       // A hash with the flag for a NUMA node and no node, which the kernel takes for node 0.
//   node_zero_alone: FLAG= // A hash that names node 0 and lacks the flag for it.
//   node_one_alone: FLAG= NODE=__uint(numa_node, 1);
//       // A hash that names node 1 and lacks the flag for it.
//   node_one_before_flags: FLAG=
//       NODE=__uint(numa_node, 1); __uint(map_flags, BPF_F_NO_PREALLOC);
//       // A hash that names node 1, and then its flags without the one for a node.
//   node_zero_before_flags: FLAG=
//       NODE=__uint(numa_node, 0); __uint(map_flags, BPF_F_NO_PREALLOC);
//       // A hash that names node 0, and then its flags without the one for a node.
//   any_node_alone: FLAG= NODE=__uint(numa_node, 0xffffffffU);
//       // A hash with the node -1, the kernel's word for any node.
//   no_node: FLAG= NODE= // A hash that says nothing of NUMA.
//   vendor_field: FLAG= NODE=__uint(vendor_node, 1);
//       // A hash whose node is in a field that only a handler of the driver knows.
#include "numa.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
	FLAG
	NODE
} m SEC(".maps");

SEC("xdp")
int store(struct xdp_md *ctx)
{
	__u32 key = 7;
	__u64 value = 77;

	bpf_map_update_elem(&m, &key, &value, BPF_ANY);
	return XDP_PASS;
}
