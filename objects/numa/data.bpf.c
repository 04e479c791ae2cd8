// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Global data of all three kinds beside a map on node 1.
#include "numa.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
	__uint(map_flags, BPF_F_NUMA_NODE);
	__uint(numa_node, 1);
} m SEC(".maps");

volatile const __u64 constant = 3;
volatile __u64 initialised = 4;
volatile __u64 zero;

SEC("xdp")
int store(struct xdp_md *ctx)
{
	__u32 key = 7;
	__u64 value = constant + initialised;

	zero = value;
	bpf_map_update_elem(&m, &key, &value, BPF_ANY);
	return XDP_PASS;
}
