// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Maps of values on node 0, on node 1 and anywhere, and a program that pushes to each.
//
// variants:
//   queue: TYPE=BPF_MAP_TYPE_QUEUE
//       // Queues on node 0, on node 1 and anywhere, and a program that pushes to each.
//   stack: TYPE=BPF_MAP_TYPE_STACK
//       // Stacks on node 0, on node 1 and anywhere, and a program that pushes to each.
//   bloom_filter: TYPE=BPF_MAP_TYPE_BLOOM_FILTER
//       // Bloom filters on node 0, on node 1 and anywhere, and a program that pushes to each.
#include "numa.h"

ON_EACH_NODE(0,
	__uint(type, TYPE);
	__uint(max_entries, 4);
	__type(value, __u64)
);

SEC("xdp")
int push(struct xdp_md *ctx)
{
	__u64 value = 77;

	bpf_map_push_elem(&on_zero, &value, BPF_ANY);
	bpf_map_push_elem(&on_one, &value, BPF_ANY);
	bpf_map_push_elem(&anywhere, &value, BPF_ANY);
	return XDP_PASS;
}
