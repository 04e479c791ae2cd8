// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A program that loads only if a constant is set: behind it the verifier finds a store to an
// address of its own making.
#include "bpf.h"

volatile const __u32 allowed;

SEC("xdp")
int use(struct xdp_md *ctx)
{
	if (!allowed)
		*(volatile __u64 *)16 = 1;
	return XDP_PASS;
}
