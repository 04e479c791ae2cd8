// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A program that pushes to a queue.
#include "bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 4);
	__type(value, __u64);
} m SEC(".maps");

SEC("xdp")
int push(struct xdp_md *ctx)
{
	__u64 value = 99;

	bpf_map_push_elem(&m, &value, BPF_ANY);
	return XDP_PASS;
}
