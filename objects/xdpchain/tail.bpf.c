// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// An XDP program, a, that calls the program in the first slot of an array, if there is one.
#include "xdp_chain.h"

struct seen seen SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, 4);
	__uint(value_size, 4);
} next SEC(".maps");

SEC("xdp")
int a(struct xdp_md *ctx)
{
	int verdict = answer(ctx, &seen, 'a');

	bpf_tail_call(ctx, &next, 0);
	return verdict;
}
