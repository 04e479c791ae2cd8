// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Two maps on node 0. The kernel takes the first, and the second if a map of its type can be on a
// node.
//
// variants:
//   type_good: TYPE=BPF_MAP_TYPE_HASH FLAGS=BPF_F_NUMA_NODE // Two hashes on node 0.
//   type_lru_no_common: TYPE=BPF_MAP_TYPE_LRU_HASH FLAGS=BPF_F_NO_COMMON_LRU | BPF_F_NUMA_NODE
//       // A good map, then an LRU hash with a list per CPU on node 0, which no kernel takes.
//   type_percpu_array: TYPE=BPF_MAP_TYPE_PERCPU_ARRAY
//       // A good map, then an array per CPU on node 0, which no kernel takes: its values are on
//       the nodes of their CPUs.
//   type_percpu_hash: TYPE=BPF_MAP_TYPE_PERCPU_HASH
//       // A good map, then a hash per CPU on node 0, which no kernel takes: its values are on the
//       nodes of their CPUs.
#include "numa.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
	__uint(map_flags, BPF_F_NUMA_NODE);
	__uint(numa_node, 0);
} good SEC(".maps");

struct {
	__uint(type, TYPE);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, __u64);
	__uint(map_flags, FLAGS);
	__uint(numa_node, 0);
} m SEC(".maps");

SEC("xdp")
int store(struct xdp_md *ctx)
{
	__u32 key = 3;
	__u64 value = 77;

	bpf_map_update_elem(&good, &key, &value, BPF_ANY);
	bpf_map_update_elem(&m, &key, &value, BPF_ANY);
	return XDP_PASS;
}
