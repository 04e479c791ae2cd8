// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Four maps, of which the program uses the third only.
#include "bpf.h"

struct bpf_elf_map SEC("maps") first = {
	.type = BPF_MAP_TYPE_ARRAY,
	.size_key = sizeof(__u32),
	.size_value = sizeof(__u64),
	.max_elem = 1,
	.id = 1,
};

struct bpf_elf_map SEC("maps") second = {
	.type = BPF_MAP_TYPE_ARRAY,
	.size_key = sizeof(__u32),
	.size_value = sizeof(__u64),
	.max_elem = 2,
	.id = 2,
};

struct bpf_elf_map SEC("maps") third = {
	.type = BPF_MAP_TYPE_ARRAY,
	.size_key = sizeof(__u32),
	.size_value = sizeof(__u64),
	.max_elem = 3,
	.id = 3,
};

struct bpf_elf_map SEC("maps") fourth = {
	.type = BPF_MAP_TYPE_ARRAY,
	.size_key = sizeof(__u32),
	.size_value = sizeof(__u64),
	.max_elem = 4,
	.id = 4,
};

SEC("xdp")
int write_third(struct xdp_md *ctx)
{
	__u32 two = 2;
	__u64 value = 333;

	bpf_map_update_elem(&third, &two, &value, BPF_ANY);
	return XDP_PASS;
}
