// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A program that writes to a variable.
//
// variants:
//   variable_written: IN=.data.number // A program that writes to a variable in data.
//   constant_written: IN=.rodata.number // The same variable in read-only data.
#include "bpf.h"

#define NAME_OF(section) #section
#define SECTION(section) SEC(NAME_OF(section))

volatile __u32 number SECTION(IN) = 3;

SEC("xdp")
int use(struct xdp_md *ctx)
{
	number = 4;
	return number;
}
