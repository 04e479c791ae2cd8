// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A program that takes packets in fragments and jumps to another by way of an array, of whose
// programs the kernel asks that they all take fragments or none.
//
// variants:
//   frags: TARGET="xdp.frags" // A program for fragments that jumps to another for fragments.
//   frags_jump_to_plain: TARGET="xdp" // A program for fragments that jumps to one for none.
#include "bpf.h"

int target(struct xdp_md *ctx);

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__array(values, int(struct xdp_md *));
} jumps SEC(".maps") = {
	.values = { [0] = (void *)&target },
};

SEC(TARGET)
int target(struct xdp_md *ctx)
{
	return 77;
}

SEC("xdp.frags")
int jump(struct xdp_md *ctx)
{
	bpf_tail_call(ctx, &jumps, 0);
	return 1;
}
