// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A function that is said to be in the kernel's configuration.
#include "extern.h"

extern int CONFIG_LOADSTONE(void) __kconfig;

SEC("xdp")
int low(struct xdp_md *ctx)
{
	return CONFIG_LOADSTONE();
}
