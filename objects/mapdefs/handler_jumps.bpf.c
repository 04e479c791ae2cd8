// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A program that its handler puts into slot 2 of a PROG_ARRAY when it is attached.
#include "slot.h"

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 4);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u32));
} vendor_jumps SEC(".maps");

SEC("xdp")
int entry(struct xdp_md *ctx)
{
	bpf_tail_call(ctx, &vendor_jumps, slot_of(ctx));
	return 1; /* nothing in the slot */
}

SEC("vendor/2")
int two(struct xdp_md *ctx)
{
	return 42;
}
