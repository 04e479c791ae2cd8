// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Two programs that count in one variable.
#include "bpf.h"

volatile __u32 count = 5;

SEC("xdp")
int add_one(struct xdp_md *ctx)
{
	count += 1;
	return count;
}

SEC("socket")
int add_ten(void *ctx)
{
	count += 10;
	return count;
}
