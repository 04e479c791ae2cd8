// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A function of the kernel's, weak.
#include "../bpf.h"

extern int kernel_does(void) SEC(".ksyms") __weak;

SEC("xdp") int use(void *ctx)
{
	return kernel_does();
}
