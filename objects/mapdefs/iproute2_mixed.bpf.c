// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A struct bpf_elf_map and a struct bpf_map_def in one section: nobody can say where one ends and the other begins.
#include "bpf.h"

struct bpf_elf_map SEC("maps") m = {
	.type = BPF_MAP_TYPE_HASH,
	.size_key = sizeof(__u32),
	.size_value = sizeof(__u64),
	.max_elem = 4,
	.id = 1,
};

struct bpf_map_def SEC("maps") other = {
	.type = BPF_MAP_TYPE_HASH,
	.key_size = sizeof(__u32),
	.value_size = sizeof(__u64),
	.max_entries = 4,
};

SEC("xdp")
int store(struct xdp_md *ctx)
{
	__u32 key = 7;
	__u64 value = 77;

	bpf_map_update_elem(&m, &key, &value, BPF_ANY);
	return XDP_PASS;
}
