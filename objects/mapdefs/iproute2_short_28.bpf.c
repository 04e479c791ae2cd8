// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A definition that ends before the inner map, as older objects have it.
#include "bpf.h"

struct elf_map_28 {
	__u32 type;
	__u32 size_key;
	__u32 size_value;
	__u32 max_elem;
	__u32 flags;
	__u32 id;
	__u32 pinning;
};

struct elf_map_28 SEC("maps") m = {
	.type = BPF_MAP_TYPE_HASH,
	.size_key = sizeof(__u32),
	.size_value = sizeof(__u64),
	.max_elem = 4,
	.id = 1,
};

SEC("xdp")
int store(struct xdp_md *ctx)
{
	__u32 key = 7;
	__u64 value = 77;

	bpf_map_update_elem(&m, &key, &value, BPF_ANY);
	return XDP_PASS;
}
