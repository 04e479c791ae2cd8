// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// An array of programs, with a function in a slot that is no program.
#include "mapinmap.h"

int sub(struct xdp_md *ctx);

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__array(values, int(struct xdp_md *));
} jumps SEC(".maps") = {
	.values = { [1] = (void *)&sub },
};

__noinline int sub(struct xdp_md *ctx)
{
	return ctx->rx_queue_index ? 1 : 3;
}

SEC("xdp")
int jump(struct xdp_md *ctx)
{
	bpf_tail_call(ctx, &jumps, 1);
	return sub(ctx);
}
