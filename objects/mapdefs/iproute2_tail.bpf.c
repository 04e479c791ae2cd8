// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Sections named ID/SLOT, which go into slots of the PROG_ARRAY of that id.
//
// variants:
//   iproute2_tail_calls: ID=7 PINNING=PIN_GLOBAL_NS ZERO="7/0" OTHER="7/2" PROGRAM=two RETURNS=42
//       // Sections named ID/SLOT, which go into slots 0 and 2 of the PROG_ARRAY of that id.
//   iproute2_tail_numbers: ID=10 ZERO="0xa/0x0" OTHER="012/02"
//       // Sections named ID/SLOT with numbers as iproute2 reads them too: hexadecimal and octal.
//   iproute2_tail_nobody: OTHER="9/2" // A program for an array of an id that no map has.
//   iproute2_tail_beyond: PINNING=PIN_NONE OTHER="7/4" PROGRAM=four RETURNS=44
//       // A program for slot 4 of an array of 4.
#include "slot.h"

struct bpf_elf_map SEC("maps") jumps = {
	.type = BPF_MAP_TYPE_PROG_ARRAY,
	.size_key = sizeof(__u32),
	.size_value = sizeof(__u32),
	.max_elem = 4,
	.id = ID,
	.pinning = PINNING,
};

SEC("xdp")
int entry(struct xdp_md *ctx)
{
	bpf_tail_call(ctx, &jumps, slot_of(ctx));
	return 1; /* nothing in the slot */
}

SEC(ZERO)
int zero(struct xdp_md *ctx)
{
	return 40;
}

SEC(OTHER)
int PROGRAM(struct xdp_md *ctx)
{
	return RETURNS;
}
