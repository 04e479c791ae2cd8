// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A map of maps on node 1 whose template is on node 0, and inner maps on node 0 and on node 1.
#include "numa.h"

struct on_zero {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
	__uint(map_flags, BPF_F_NUMA_NODE);
	__uint(numa_node, 0);
} inner_zero SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
	__uint(map_flags, BPF_F_NUMA_NODE);
	__uint(numa_node, 1);
} inner_one SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 2);
	__type(key, __u32);
	__uint(map_flags, BPF_F_NUMA_NODE);
	__uint(numa_node, 1);
	__array(values, struct on_zero);
} outer SEC(".maps") = {
	.values = { (void *)&inner_zero, (void *)&inner_one },
};

SEC("xdp")
int store(struct xdp_md *ctx)
{
	__u32 slot, key = 7;
	__u64 value = 77;
	void *inner;

	slot = 0;
	inner = bpf_map_lookup_elem(&outer, &slot);
	if (inner)
		bpf_map_update_elem(inner, &key, &value, BPF_ANY);
	slot = 1;
	inner = bpf_map_lookup_elem(&outer, &slot);
	if (inner)
		bpf_map_update_elem(inner, &key, &value, BPF_ANY);
	return XDP_PASS;
}
