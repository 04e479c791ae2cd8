// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A value of the kernel's configuration that is a string of at most seven letters, and a program
// that returns the third.
#include "extern.h"

extern const char CONFIG_LOADSTONE[8] __kconfig;

SEC("xdp")
int third(struct xdp_md *ctx)
{
	return CONFIG_LOADSTONE[2];
}
