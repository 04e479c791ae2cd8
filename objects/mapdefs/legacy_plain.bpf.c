// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A hash that every loader of legacy definitions takes. The bad legacy definitions of this folder are this one with one thing wrong.
#include "bpf.h"

struct bpf_map_def SEC("maps") m = {
	.type = BPF_MAP_TYPE_HASH,
	.key_size = sizeof(__u32),
	.value_size = sizeof(__u64),
	.max_entries = 4,
};

SEC("xdp")
int refer(struct xdp_md *ctx)
{
	asm volatile("" : : "r"(&m));
	return XDP_PASS;
}
