// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// iproute2's ways to pin a map, and a program in an array that outlives the load.
#include "bpf.h"

struct bpf_elf_map SEC("maps") nowhere = { .type = MAP_ARRAY, .size_key = 4, .size_value = 8, .max_elem = 1 };
struct bpf_elf_map SEC("maps") of_object = { .type = MAP_ARRAY, .size_key = 4, .size_value = 8, .max_elem = 2, .pinning = PIN_OBJECT_NS };
struct bpf_elf_map SEC("maps") of_all = { .type = MAP_HASH, .size_key = 4, .size_value = 8, .max_elem = 3, .pinning = PIN_GLOBAL_NS };
struct bpf_elf_map SEC("maps") of_some = { .type = MAP_HASH, .size_key = 8, .size_value = 8, .max_elem = 4, .pinning = 11 };
struct bpf_elf_map SEC("maps") jumps = {
	.type = MAP_PROG_ARRAY,
	.size_key = 4,
	.size_value = 4,
	.max_elem = 2,
	.id = 1,
	.pinning = PIN_GLOBAL_NS,
};

SEC("prog") int entry(void *ctx)
{
	__u32 key = 0;
	tail_call(ctx, &jumps, 1);
	return map_lookup_elem(&of_all, &key) ? 1 : 0;
}

SEC("1/1") int last(void *ctx) { return 2; }
