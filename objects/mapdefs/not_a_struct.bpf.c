// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// An integer in the section of the maps.
#include "bpf.h"

int m SEC(".maps");

SEC("xdp")
int refer(struct xdp_md *ctx)
{
	asm volatile("" : : "r"(&m));
	return XDP_PASS;
}
