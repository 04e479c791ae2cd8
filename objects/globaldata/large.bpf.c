// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Sections of half a million bytes each, of which a program gives the last four.
#include "asked.h"

#define COUNT 131072

volatile const __u32 constants[COUNT] = {[COUNT - 1] = 1};
volatile __u32 numbers[COUNT] = {[COUNT - 1] = 2};
volatile __u32 zeros[COUNT];

SEC("xdp")
int use(struct xdp_md *ctx)
{
	switch (asked(ctx)) {
	case 0:
		return constants[COUNT - 1];
	case 1:
		return numbers[COUNT - 1];
	case 2:
		zeros[COUNT - 1] += 3;
		return zeros[COUNT - 1];
	}
	return XDP_PASS;
}
