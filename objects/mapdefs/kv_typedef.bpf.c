// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A map from a typedef to a typedef.
#include "bpf.h"

typedef __u32 address_t;
typedef __u64 bytes_t;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__type(key, address_t);
	__type(value, bytes_t);
} m SEC(".maps");

SEC("xdp")
int refer(struct xdp_md *ctx)
{
	asm volatile("" : : "r"(&m));
	return XDP_PASS;
}
