// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A map whose fields come in another order, the sizes first.
#include "bpf.h"

struct {
	__type(value, __u64);
	__type(key, __u32);
	__uint(max_entries, 4);
	__uint(type, BPF_MAP_TYPE_HASH);
} m SEC(".maps");

SEC("xdp")
int refer(struct xdp_md *ctx)
{
	asm volatile("" : : "r"(&m));
	return XDP_PASS;
}
