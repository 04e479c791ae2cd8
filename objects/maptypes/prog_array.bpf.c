// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// An array of programs, for tail calls.
#include "four_ways.h"

SIZED_MAP(m, BPF_MAP_TYPE_PROG_ARRAY, 4, 4, 4);

SEC("xdp")
int use(struct xdp_md *ctx)
{
	bpf_tail_call(ctx, &m, 0);
	return DOES; /* the slot is empty */
}
