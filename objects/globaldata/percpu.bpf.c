// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Variables of which each CPU has its own, and a program that gives them and counts in one.
#include "asked.h"

volatile __u32 initialised SEC(".percpu") = 42;
volatile __u64 counter SEC(".percpu") = 7;
volatile __u64 zero SEC(".percpu.named");

SEC("xdp")
int use(struct xdp_md *ctx)
{
	switch (asked(ctx)) {
	case 0:
		return initialised;
	case 1:
		counter += 3;
		return counter;
	case 2:
		return ++zero;
	}
	return XDP_PASS;
}
