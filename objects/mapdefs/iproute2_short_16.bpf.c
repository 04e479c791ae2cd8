// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A definition that ends before the flags, as iproute2's first had it.
#include "bpf.h"

struct elf_map_16 {
	__u32 type;
	__u32 size_key;
	__u32 size_value;
	__u32 max_elem;
};

struct elf_map_16 SEC("maps") m = {
	.type = BPF_MAP_TYPE_HASH,
	.size_key = sizeof(__u32),
	.size_value = sizeof(__u64),
	.max_elem = 4,
};

SEC("xdp")
int store(struct xdp_md *ctx)
{
	__u32 key = 7;
	__u64 value = 77;

	bpf_map_update_elem(&m, &key, &value, BPF_ANY);
	return XDP_PASS;
}
