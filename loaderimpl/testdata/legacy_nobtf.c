// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Legacy map definitions without any BTF, and a program that uses them.
#include "bpf.h"

struct bpf_map_def SEC("maps") plain = {
	.type = MAP_ARRAY,
	.key_size = 4,
	.value_size = 8,
	.max_entries = 2,
};

struct {
	__u32 type, key_size, value_size, max_entries;
} without_flags SEC("maps") = { MAP_HASH, 4, 4, 7 };

struct {
	struct bpf_map_def def;
	__u32 more[4];
} longer SEC("maps") = { { MAP_HASH, 8, 16, 9, F_NO_PREALLOC } };

struct bpf_map_def SEC("maps") __attribute__((aligned(32))) annotated = {
	.type = MAP_HASH,
	.key_size = 4,
	.value_size = 8,
	.max_entries = 5,
};

SEC("tc") int use(void *ctx)
{
	__u32 key = 1;
	__u64 *n = map_lookup_elem(&plain, &key);
	if (n)
		*n += 1;
	return map_lookup_elem(&annotated, &key) != 0;
}
