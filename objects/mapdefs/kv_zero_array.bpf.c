// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A map whose value ends in an array of no length.
#include "bpf.h"

struct header {
	__u32 length;
	__u8 payload[0];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, struct header);
} m SEC(".maps");

SEC("xdp")
int refer(struct xdp_md *ctx)
{
	asm volatile("" : : "r"(&m));
	return XDP_PASS;
}
