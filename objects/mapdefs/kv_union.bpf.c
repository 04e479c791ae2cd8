// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A map from a union to a union.
#include "bpf.h"

union address {
	__u32 v4;
	__u32 v6[4];
};

union number {
	__u64 whole;
	__u32 half[2];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__type(key, union address);
	__type(value, union number);
} m SEC(".maps");

SEC("xdp")
int refer(struct xdp_md *ctx)
{
	asm volatile("" : : "r"(&m));
	return XDP_PASS;
}
