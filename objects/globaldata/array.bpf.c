// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Sections of data that end in an array, or do not, for the caller to make larger or smaller.
#include "asked.h"

volatile const __u32 length = 1;

volatile __u32 before SEC(".data.numbers") = 5;
volatile __u32 numbers[1] SEC(".data.numbers") = {6};

volatile __u32 alone SEC(".data.alone") = 7;

SEC("xdp")
int use(struct xdp_md *ctx)
{
	switch (asked(ctx)) {
	case 0: {
		__u32 sum = before;

		for (__u32 i = 0; i < length && i < 64; i++)
			sum += numbers[i];
		return sum;
	}
	case 1:
		return alone;
	}
	return XDP_PASS;
}
