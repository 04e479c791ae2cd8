// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Two PROG_ARRAYs, each with a program of its own: the entry calls into the first, that one into
// the second.
#include "slot.h"

struct bpf_elf_map SEC("maps") jumps = {
	.type = BPF_MAP_TYPE_PROG_ARRAY,
	.size_key = sizeof(__u32),
	.size_value = sizeof(__u32),
	.max_elem = 4,
	.id = 7,
	.pinning = PIN_GLOBAL_NS,
};

struct bpf_elf_map SEC("maps") onward = {
	.type = BPF_MAP_TYPE_PROG_ARRAY,
	.size_key = sizeof(__u32),
	.size_value = sizeof(__u32),
	.max_elem = 4,
	.id = 8,
	.pinning = PIN_GLOBAL_NS,
};

SEC("xdp")
int entry(struct xdp_md *ctx)
{
	bpf_tail_call(ctx, &jumps, slot_of(ctx));
	return 1; /* nothing in the slot */
}

SEC("7/0")
int zero(struct xdp_md *ctx)
{
	bpf_tail_call(ctx, &onward, 3);
	return 1;
}

SEC("8/3")
int three(struct xdp_md *ctx)
{
	return 43;
}
