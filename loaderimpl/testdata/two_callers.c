// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Programs of two kinds, and one for tail calls that could be of either.
#include "bpf.h"

struct bpf_elf_map SEC("maps") jumps = { .type = MAP_PROG_ARRAY, .size_key = 4, .size_value = 4, .max_elem = 2, .id = 1 };

SEC("xdp") int drop(void *ctx)
{
	tail_call(ctx, &jumps, 1);
	return XDP_DROP;
}

SEC("classifier") int classify(void *ctx) { return 0; }

SEC("1/1") int last(void *ctx) { return 2; }
