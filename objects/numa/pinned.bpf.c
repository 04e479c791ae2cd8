// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A hash that is pinned by its name.
//
// variants:
//   pinned_zero: NODE=__uint(map_flags, BPF_F_NUMA_NODE); __uint(numa_node, 0);
//       // A hash on node 0 that is pinned by its name.
//   pinned_one: NODE=__uint(map_flags, BPF_F_NUMA_NODE); __uint(numa_node, 1);
//       // A hash on node 1 that is pinned by its name.
//   pinned_anywhere: NODE= // A hash that is pinned by its name and says nothing of NUMA.
#include "numa.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	NODE
} shared SEC(".maps");

SEC("xdp")
int store(struct xdp_md *ctx)
{
	__u32 key = 7;
	__u64 value = 77;

	bpf_map_update_elem(&shared, &key, &value, BPF_ANY);
	return XDP_PASS;
}
