// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A program that returns a number which is read-only data.
//
// variants:
//   constant_seven: NUMBER=7 // A program that returns 7, which is read-only data.
//   constant_nine: NUMBER=9 // The same with the number 9.
#include "pinned.h"

const volatile __u32 number = NUMBER;

SEC("xdp")
int give(void *ctx)
{
	return number;
}
