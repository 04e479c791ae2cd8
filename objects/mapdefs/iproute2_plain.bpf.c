// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A hash that every loader of iproute2's definitions takes. The bad ones of this folder are this one with one thing wrong.
#include "bpf.h"

struct bpf_elf_map SEC("maps") m = {
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
