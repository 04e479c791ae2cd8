// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A program for an array of an id that no map has.
#include "slot.h"

struct bpf_elf_map SEC("maps") jumps = {
	.type = BPF_MAP_TYPE_PROG_ARRAY,
	.size_key = sizeof(__u32),
	.size_value = sizeof(__u32),
	.max_elem = 4,
	.id = 7,
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
	return 40;
}

SEC("9/2")
int two(struct xdp_md *ctx)
{
	return 42;
}
