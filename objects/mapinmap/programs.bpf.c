// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// An array of programs, with two in it, and a program that jumps to slot 1.
//
// variants:
//   programs: ENTRIES=2 SLOTS=[0] = (void *)&first, [1] = (void *)&second
//       // An array of two programs, with one in each slot, and a program that jumps to the second.
//   programs_gaps: ENTRIES=4 SLOTS=[1] = (void *)&first, [3] = (void *)&second
//       // An array of four programs, of which slots 1 and 3 are filled.
#include "mapinmap.h"

int first(struct xdp_md *ctx);
int second(struct xdp_md *ctx);

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, ENTRIES);
	__type(key, __u32);
	__array(values, int(struct xdp_md *));
} jumps SEC(".maps") = {
	.values = { SLOTS },
};

SEC("xdp")
int first(struct xdp_md *ctx)
{
	return 1;
}

SEC("xdp")
int second(struct xdp_md *ctx)
{
	return 3;
}

SEC("xdp")
int jump(struct xdp_md *ctx)
{
	bpf_tail_call(ctx, &jumps, 1);
	return 0;
}
