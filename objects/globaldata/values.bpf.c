// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Variables in data, in read-only data and in data of zeros, each read and, where it can be,
// written to.
#include "asked.h"

volatile const __u32 constant = 7;
volatile __u32 initialised = 40;
volatile __u32 zero;

SEC("xdp")
int use(struct xdp_md *ctx)
{
	switch (asked(ctx)) {
	case 0:
		return constant;
	case 1:
		return initialised;
	case 2:
		return zero;
	case 3:
		initialised = 41;
		break;
	case 4:
		zero = 1;
		break;
	}
	return XDP_PASS;
}
