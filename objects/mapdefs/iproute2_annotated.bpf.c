// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A map whose key and value BPF_ANNOTATE_KV_PAIR names.
#include "bpf.h"

struct bpf_elf_map SEC("maps") m = {
	.type = BPF_MAP_TYPE_HASH,
	.size_key = sizeof(__u32),
	.size_value = sizeof(__u64),
	.max_elem = 4,
	.id = 1,
};

KEY_AND_VALUE_OF(m, __u32, __u64);

SEC("xdp")
int store(struct xdp_md *ctx)
{
	__u32 key = 7;
	__u64 value = 77;

	bpf_map_update_elem(&m, &key, &value, BPF_ANY);
	return XDP_PASS;
}
