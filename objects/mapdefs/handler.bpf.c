// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// One program in a section for a handler of the driver.
//
// variants:
//   handler_exact: SECTION="vendor" PROGRAM=handled RETURNS=62
//       // A program in a section that a handler of just this section knows.
//   handler_prefix: SECTION="vendor/one" RETURNS=61
//       // A program in a section that a handler of sections vendor/NAME knows.
//   handler_fallback: SECTION="nobody/knows" RETURNS=63
//       // A program in a section that only the fallback handler knows.
//   handler_known: SECTION="xdp" PROGRAM=known RETURNS=XDP_PASS // A program that the loader knows.
#include "vendor.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u32);
} vendor_calls SEC(".maps");

SEC(SECTION)
int PROGRAM(struct xdp_md *ctx)
{
	asm volatile("" : : "r"(&vendor_calls));
	return RETURNS;
}
