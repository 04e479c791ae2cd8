// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// iproute2's map definitions: plain, annotated, maps in maps, and programs that are called by tail calls.
#include "bpf.h"

struct bpf_elf_map SEC("maps") in_array = {
	.type = MAP_ARRAY_OF_MAPS,
	.size_key = 4,
	.size_value = 16,
	.max_elem = 3,
	.inner_id = 7,
	.id = 1,
};

struct bpf_elf_map SEC("maps") in_hash = {
	.type = MAP_HASH_OF_MAPS,
	.size_key = 4,
	.size_value = 4,
	.max_elem = 4,
	.flags = F_NO_PREALLOC,
	.inner_id = 7,
};

struct bpf_elf_map SEC("maps") template = {
	.type = MAP_ARRAY,
	.size_key = 4,
	.size_value = 8,
	.max_elem = 1,
	.id = 7,
	.inner_idx = -1,
};

struct bpf_elf_map SEC("maps") first = {
	.type = MAP_ARRAY,
	.size_key = 4,
	.size_value = 8,
	.max_elem = 1,
	.id = 7,
	.inner_idx = 2,
};

struct bpf_elf_map SEC("maps") second = {
	.type = MAP_ARRAY,
	.size_key = 4,
	.size_value = 8,
	.max_elem = 1,
	.id = 7,
	.inner_idx = 0,
};

struct bpf_elf_map SEC("maps") annotated = {
	.type = MAP_HASH,
	.size_key = 4,
	.size_value = 8,
	.max_elem = 5,
	.flags = F_NO_PREALLOC,
	.id = 9,
};
ANNOTATE_KV(annotated, __u32, __u64);

struct bpf_elf_map SEC("maps") jumps = {
	.type = MAP_PROG_ARRAY,
	.size_key = 4,
	.size_value = 4,
	.max_elem = 16,
	.id = 0x2a,
};

// Counts in the map that an outer map holds at a slot.
static void count(void *outer, __u32 slot)
{
	__u32 key = 0;
	__u64 *n;
	void *inner = map_lookup_elem(outer, &slot);
	if (!inner)
		return;
	n = map_lookup_elem(inner, &key);
	if (n)
		*n += 1;
}

SEC("classifier") int entry(void *ctx)
{
	count(&in_array, 2);
	count(&in_hash, 2);
	count(&in_array, 0);
	tail_call(ctx, &jumps, 15);
	return 1;
}

SEC("42/0xf") int last(void *ctx)
{
	__u32 key = 1;
	return map_lookup_elem(&annotated, &key) ? 3 : 2;
}

SEC("0x2a/010") int unused(void *ctx) { return 4; }
