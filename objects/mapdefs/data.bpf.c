// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A program that counts its runs in a global variable.
#include "bpf.h"

__u64 runs = 40;

SEC("xdp")
int count(struct xdp_md *ctx)
{
	__sync_fetch_and_add(&runs, 1);
	return XDP_PASS;
}
