// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A legacy map that ends before the number of its entries.
#include "bpf.h"

struct stub_map_def {
	__u32 type;
	__u32 key_size;
	__u32 value_size;
};

struct stub_map_def SEC("maps") m = {
	.type = BPF_MAP_TYPE_HASH,
	.key_size = sizeof(__u32),
	.value_size = sizeof(__u64),
};

SEC("xdp")
int refer(struct xdp_md *ctx)
{
	asm volatile("" : : "r"(&m));
	return XDP_PASS;
}
