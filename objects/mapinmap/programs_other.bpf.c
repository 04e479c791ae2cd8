// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// An array of programs, with something else in slot 1.
//
// variants:
//   programs_data: DECLARES=__u64 number = 3; SLOT=number
//       // An array of programs, with a variable in a slot.
//   programs_extern: DECLARES=extern int nowhere(struct xdp_md *ctx); SLOT=nowhere
//       // An array of programs, with a program in a slot that is defined nowhere.
#include "mapinmap.h"

DECLARES

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__array(values, int(struct xdp_md *));
} jumps SEC(".maps") = {
	.values = { [1] = (void *)&SLOT },
};

SEC("xdp")
int jump(struct xdp_md *ctx)
{
	bpf_tail_call(ctx, &jumps, 1);
	return 0;
}
