// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A program that counts its runs in a global variable, from 40.
#include "pinned.h"

__u64 runs = 40;

SEC("xdp")
int count(void *ctx)
{
	__sync_fetch_and_add(&runs, 1);
	return XDP_PASS;
}
