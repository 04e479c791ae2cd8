// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Two programs, one of which reads a string that the compiler puts in a section of its own.
#include "asked.h"

SEC("xdp")
int reads(struct xdp_md *ctx)
{
	return "loadstone"[asked(ctx) & 7];
}

SEC("socket")
int nothing(void *ctx)
{
	return 0;
}
