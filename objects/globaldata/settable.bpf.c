// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Variables of several sizes in each kind of section, for the caller to set: a program gives each,
// or a byte of it.
#include "asked.h"

volatile const __u32 constant = 7;
volatile const __u64 constant_long = 8;
volatile const char constant_text[8] = "before";
volatile __u32 initialised = 40;
volatile __u16 initialised_short = 41;
volatile __u32 zero;
volatile __u8 zero_byte;
volatile const __u32 other_constant SEC(".rodata.other") = 9;

SEC("xdp")
int use(struct xdp_md *ctx)
{
	switch (asked(ctx)) {
	case 0:
		return constant;
	case 1:
		return constant_long;
	case 2:
		return constant_text[0];
	case 3:
		return initialised;
	case 4:
		return initialised_short;
	case 5:
		return zero;
	case 6:
		return zero_byte;
	case 7:
		return other_constant;
	}
	return XDP_PASS;
}
