// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A program that needs what no kernel has, and one that does not.
#include "extern.h"

extern const void loadstone_nowhere __ksym;
extern int CONFIG_LOADSTONE __kconfig;

SEC("xdp")
int needs(struct xdp_md *ctx)
{
	return CONFIG_LOADSTONE + (__u32)(__u64)&loadstone_nowhere;
}

SEC("xdp")
int simple(struct xdp_md *ctx)
{
	return 7;
}
