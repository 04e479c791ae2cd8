// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Versions of an object with a pinned array of four programs, and a program that jumps to slot 1.
//
// variants:
//   pinned_programs: SECOND=2
//       SLOTS=[0] = (void *)&first, [1] = (void *)&second
//       // A pinned array of programs, with two of its slots filled.
//   pinned_programs_next: SECOND=3 // The next version of it, with another program for slot 1.
//   pinned_programs_one: SLOTS=[1] = (void *)&second
//       // The next version of it, which fills slot 1 only.
#include "mapinmap.h"

int first(struct xdp_md *ctx);
int second(struct xdp_md *ctx);

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
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
	return SECOND;
}

SEC("xdp")
int jump(struct xdp_md *ctx)
{
	bpf_tail_call(ctx, &jumps, 1);
	return 0;
}
