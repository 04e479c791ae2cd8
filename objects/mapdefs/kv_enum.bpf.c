// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A map from an enum to an enum.
#include "bpf.h"

enum colour { RED, GREEN };
enum shape { ROUND, SQUARE };

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__type(key, enum colour);
	__type(value, enum shape);
} m SEC(".maps");

SEC("xdp")
int refer(struct xdp_md *ctx)
{
	asm volatile("" : : "r"(&m));
	return XDP_PASS;
}
