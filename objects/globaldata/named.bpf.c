// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Variables in sections that are named after those of data, beside one in each of those, and a
// string that the compiler puts in a section of its own.
//
// variants:
//   named: ZEROS=SEC(".bss.named")
//       // Variables in sections that are named after those of data, and one beside each.
//   named_but_zeros: ZEROS= // The same, with all zeros in .bss.
#include "asked.h"

volatile const __u32 constant = 1;
volatile __u32 initialised = 2;
volatile __u32 zero;
volatile const __u32 named_constant SEC(".rodata.named") = 3;
volatile __u32 named_initialised SEC(".data.named") = 4;
volatile __u32 named_zero ZEROS;

SEC("xdp")
int use(struct xdp_md *ctx)
{
	__u8 what = asked(ctx);

	switch (what) {
	case 0:
		return named_constant;
	case 1:
		return named_initialised;
	case 2:
		named_zero += 5;
		return named_zero;
	case 3:
		return constant + initialised + zero;
	}
	return "loadstone"[what & 7];
}
