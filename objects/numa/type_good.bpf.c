// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Two hashes on node 0. The objects of types that no node takes are this one with another type in the second.
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
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, __u64);
	__uint(map_flags, BPF_F_NUMA_NODE);
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
