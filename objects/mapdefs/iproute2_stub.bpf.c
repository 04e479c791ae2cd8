// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A definition that ends before the number of entries.
#include "bpf.h"

struct elf_map_12 {
	__u32 type;
	__u32 size_key;
	__u32 size_value;
};

struct elf_map_12 SEC("maps") m = {
	.type = BPF_MAP_TYPE_HASH,
	.size_key = sizeof(__u32),
	.size_value = sizeof(__u64),
};

SEC("xdp")
int store(struct xdp_md *ctx)
{
	__u32 key = 7;
	__u64 value = 77;

	bpf_map_update_elem(&m, &key, &value, BPF_ANY);
	return XDP_PASS;
}
