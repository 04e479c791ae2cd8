// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Arrays of programs on node 0, on node 1 and anywhere, and a program that jumps by each.
#include "numa.h"

ON_EACH_NODE(0,
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u32)
);

SEC("xdp")
int jump(struct xdp_md *ctx)
{
	bpf_tail_call(ctx, &on_zero, 0);
	bpf_tail_call(ctx, &on_one, 0);
	bpf_tail_call(ctx, &anywhere, 0);
	return XDP_PASS;
}
