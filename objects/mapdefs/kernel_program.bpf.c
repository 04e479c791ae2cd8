// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A good map and a program that the verifier refuses: it reads beyond the packet.
#include "bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
} good SEC(".maps");

SEC("xdp")
int wild(struct xdp_md *ctx)
{
	__u32 key = 0;

	if (bpf_map_lookup_elem(&good, &key))
		return XDP_PASS;
	return *(volatile __u32 *)(long)ctx->data;
}
