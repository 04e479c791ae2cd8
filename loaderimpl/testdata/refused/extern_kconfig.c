// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A setting of the kernel's.
#include "../bpf.h"

extern int CONFIG_HZ SEC(".kconfig");

SEC("xdp") int use(void *ctx)
{
	return CONFIG_HZ;
}
