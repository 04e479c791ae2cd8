// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A static program.
#include "../bpf.h"

SEC("xdp") static int use(void *ctx)
{
	return XDP_PASS;
}
